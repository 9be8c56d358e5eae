//! Markdown that somebody wrote as HTML that can do nothing: no raw HTML, no pictures, links to
//! http and https only, and no headings, which would disturb those of the page.

use std::fmt::Write as _;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::html::{escaped, may_link};

/// Renders a text.
pub(super) fn prose(markdown: &str) -> String {
    let mut options = Options::empty();
    options.insert(Options::ENABLE_STRIKETHROUGH);
    let mut writer = Prose { out: String::new(), links: Vec::new() };
    for event in Parser::new_ext(markdown, options) {
        writer.event(event);
    }
    writer.out
}

struct Prose {
    out: String,
    /// For each open link or picture: what closes it.
    links: Vec<&'static str>,
}

impl Prose {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Code(text) => {
                let _infallible = write!(self.out, "<code>{}</code>", escaped(&text));
            }
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>"),
            Event::Rule => self.out.push_str("<hr>"),
            Event::TaskListMarker(true) => self.out.push_str("[x] "),
            Event::TaskListMarker(false) => self.out.push_str("[ ] "),
            // What its author wrote as HTML is shown as it was written.
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.out.push_str(&escaped(&text)),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let opening = match tag {
            Tag::Paragraph | Tag::HtmlBlock => "<p>",
            Tag::Heading { .. } => "<p><strong>",
            Tag::BlockQuote(_) => "<blockquote>",
            Tag::CodeBlock(_) => "<pre tabindex=\"0\"><code>",
            Tag::List(None) => "<ul>",
            Tag::List(Some(_)) => "<ol>",
            Tag::Item => "<li>",
            Tag::Emphasis => "<em>",
            Tag::Strong => "<strong>",
            Tag::Strikethrough => "<del>",
            Tag::Link { dest_url, .. } if may_link(&dest_url) => {
                self.links.push("</a>");
                let _infallible = write!(
                    self.out,
                    "<a rel=\"noopener noreferrer\" href=\"{}\">",
                    escaped(&dest_url)
                );
                return;
            }
            Tag::Link { .. } | Tag::Image { .. } => {
                self.links.push("");
                return;
            }
            _ => return,
        };
        self.out.push_str(opening);
    }

    fn end(&mut self, tag: TagEnd) {
        let closing = match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => "</p>\n",
            TagEnd::Heading(_) => "</strong></p>\n",
            TagEnd::BlockQuote(_) => "</blockquote>\n",
            TagEnd::CodeBlock => "</code></pre>\n",
            TagEnd::List(false) => "</ul>\n",
            TagEnd::List(true) => "</ol>\n",
            TagEnd::Item => "</li>\n",
            TagEnd::Emphasis => "</em>",
            TagEnd::Strong => "</strong>",
            TagEnd::Strikethrough => "</del>",
            TagEnd::Link | TagEnd::Image => self.links.pop().unwrap_or_default(),
            _ => "",
        };
        self.out.push_str(closing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_rendered_and_nothing_else() {
        assert_eq!(
            prose("A *b* `c<d>` [e](https://e.example)\n\n- f\n"),
            "<p>A <em>b</em> <code>c&lt;d&gt;</code> \
             <a rel=\"noopener noreferrer\" href=\"https://e.example\">e</a></p>\n\
             <ul><li>f</li>\n</ul>\n"
        );
        assert_eq!(prose("# Big\n\nx"), "<p><strong>Big</strong></p>\n<p>x</p>\n");
    }

    #[test]
    fn what_could_do_something_is_text() {
        for (hostile, shown) in [
            ("<script>alert(1)</script>", "&lt;script&gt;"),
            ("a <img src=x onerror=alert(1)> b", "&lt;img src=x"),
            ("[x](javascript:alert(1))", "<p>x</p>"),
            ("[x](data:text/html,hi)", "<p>x</p>"),
            ("![pixel](https://t.example/p.png)", "<p>pixel</p>"),
            ("<https://e.example/\"onclick=x>", "href=\"https://e.example/&quot;onclick=x\">"),
        ] {
            let made = prose(hostile);
            assert!(made.contains(shown), "{hostile}: {made}");
            assert!(!made.contains("<script") && !made.contains("<img"), "{made}");
        }
    }
}
