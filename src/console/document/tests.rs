//! Documents of a small runbook.

use super::*;
use crate::console::fixture::runbook;
use crate::console::terminal::{Colour, Width};
use crate::diagnostic::terminal_strings::{self, texts};
use crate::value::{Datum, Reference};

struct Unknown;

impl Facts for Unknown {
    fn get(&self, _: &Reference) -> Option<Datum> {
        None
    }
}

#[test]
fn a_runbook_reads_well_on_a_terminal() {
    let page = show(&runbook(), Detail::Folded).page();
    assert_eq!(
        page.written(Colour::Never, Width::Columns(60)),
        "\
Checkout error rate is high
  checkout/checkout-error-rate: 2 read, 1 change, 0 destroy
  More than 1 % of checkouts fail.
  never   Do not delete the checkout database pods. They
          hold unsettled payments.
  help    payments secondary: page the service \"payments\"

Diagnose

 1  Are the pods healthy?  [read]
    $ kubectl get pods

 2  When was the last deploy?  [read]
    $ deploys --json

 3  Undo the deploy  [change]
    $ kubectl rollout undo
    undo    not said
"
    );
}

#[test]
fn explanations_are_unfolded_on_request() {
    let why = "A crash loop is the usual cause.";
    let folded = show(&runbook(), Detail::Folded).markdown();
    assert!(!folded.contains(why));
    assert!(show(&runbook(), Detail::Unfolded).markdown().contains(why));
}

#[test]
fn a_runbook_is_a_markdown_document() {
    let text = show(&runbook(), Detail::Folded).markdown();
    let expected = "# Checkout error rate is high

checkout/checkout-error-rate: 2 read, 1 change, 0 destroy

More than 1 % of checkouts fail.

- **Never:** Do not delete the checkout database pods. They hold unsettled payments.
- help: payments secondary: page the service \"payments\"

## Diagnose

### 1 Are the pods healthy? (read)

```sh
kubectl get pods
```
";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_value_that_is_not_known_says_where_it_comes_from() {
    use crate::template::Declared;
    use crate::value::{Name, Type};
    let mut runbook = runbook();
    let name = Name::new("deployed_at").unwrap();
    let origin = ValueOrigin::Steps(vec![StepKey(2)]);
    let declared = Declared { ty: Type::Timestamp, closed: true, secret: false, optional: false };
    runbook.values.insert(name.clone(), crate::runbook::ValueDeclaration { declared, origin });
    let writer = Writer {
        runbook: &runbook,
        facts: Some(&Unknown),
        detail: Detail::Folded,
        blocks: Vec::new(),
    };
    assert_eq!(writer.unknown(&Reference::Value(name)), "‹deployed_at: from deploy›");
    assert_eq!(writer.unknown(&Reference::Now), "‹now›");
}

/// A repository that holds whatever is asked for.
struct Anything;

impl crate::runbook::Repository for Anything {
    fn read(&self, path: &str) -> Result<crate::runbook::BroughtFile, String> {
        let bytes = b"true\n".to_vec();
        Ok(crate::runbook::BroughtFile { path: path.to_owned(), bytes, executable: false })
    }

    fn holds(&self, _: &str) -> bool {
        false
    }
}

fn demo() -> Runbook {
    let text = include_str!("../../../runbooks/demo.yaml").into();
    let source = crate::diagnostic::Source { name: "demo.yaml".to_owned(), text };
    crate::runbook::load(&source, &Anything).runbook.unwrap()
}

/// The tags of a page, without their brackets. Nothing else of it may hold one.
fn tags(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (_, mut rest) = page.split_once("</style>").unwrap();
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, behind) = after.split_once('>').unwrap();
        found.push(tag);
        rest = behind;
    }
    found
}

/// The tags that a page may have.
const ALLOWED: &[&str] = &[
    "a",
    "article",
    "blockquote",
    "body",
    "br",
    "code",
    "dd",
    "defs",
    "del",
    "desc",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "g",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "marker",
    "nav",
    "ol",
    "p",
    "path",
    "pre",
    "rect",
    "section",
    "span",
    "strong",
    "summary",
    "svg",
    "text",
    "title",
    "ul",
];

/// That a page does nothing, asks nobody for anything, and closes what it opens.
fn assert_inert(page: &str) {
    let (head, _) = page.split_once("</style>").unwrap();
    assert!(head.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
    assert!(!head.contains("url(") && !head.contains("@import") && !head.contains("<script"));
    let mut open = vec!["html", "head"];
    for tag in tags(page) {
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{tag}");
            continue;
        }
        assert!(ALLOWED.contains(&name), "<{tag}>");
        if !matches!(name, "br" | "hr") && !attributes.ends_with('/') {
            open.push(name);
        }
        assert_harmless(tag, attributes);
    }
    assert!(open.is_empty(), "these are not closed: {open:?}");
}

fn assert_harmless(tag: &str, attributes: &str) {
    // Attributes without what is written in their quotes.
    let outside: Vec<&str> = attributes.split('"').step_by(2).collect();
    for attribute in outside.iter().flat_map(|it| it.split_whitespace()) {
        let attribute = attribute.trim_end_matches(['=', '/']);
        assert!(!attribute.starts_with("on"), "<{tag}>");
        assert!(!matches!(attribute, "src" | "srcset" | "style"), "<{tag}>");
    }
    if let Some((_, link)) = attributes.split_once("href=\"") {
        let local = link.starts_with('#');
        let link = link.to_lowercase();
        let web = link.starts_with("http://") || link.starts_with("https://");
        let told = attributes.contains("rel=\"noopener noreferrer\"");
        assert!(local || web && told, "<{tag}>");
    }
}

#[test]
fn the_page_of_the_demo_says_everything_and_does_nothing() {
    let page = html(&demo());
    assert_inert(&page);
    for part in [
        "<h1>Demo: a folder fills up</h1>",
        "<strong>Never:</strong> Do not delete a log",
        "<dt>owner</dt><dd>surefoot, #surefoot</dd>",
        "<dt>help</dt><dd>the person next to you: ask aloud, after 5m</dd>",
        "id=\"step-how_full\"",
        "<span class=\"badge\">change</span>",
        "bash {{files.growth}} incident 3",
        "<summary>Why</summary>",
        "<summary>What it looks like</summary>",
        "Pause the writer, then make room: do pause_writer, then come back",
        "<dt>until</dt><dd>rate_now == 0, every 2s, within 20s</dd>",
        "<dt>failed</dt><dd>go to 3 What shall be done?</dd>",
        "<title id=\"chart-title\">",
        "href=\"#step-how_full\"",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    assert_eq!(page, html(&demo()), "the same runbook gives the same page");
}

#[test]
fn links_are_links_only_where_they_are_known_and_harmless() {
    let mut runbook = demo();
    for url in
        ["https://a.example/x?y=1&z=\"", "javascript:alert(1)", "https://a/{{x}}", "HTTP://b"]
    {
        let link = Link { title: Template::constant("There"), url: Template::constant(url) };
        runbook.links.push(link);
    }
    let page = html(&runbook);
    assert_inert(&page);
    assert!(page.contains("href=\"https://a.example/x?y=1&amp;z=&quot;\">There</a>"));
    assert!(page.contains("There: <code>javascript:alert(1)</code>"));
    assert_eq!(page.matches("href=\"h").count() + page.matches("href=\"H").count(), 2);
}

/// The demo with a text in every place that a text can have.
fn saying(text: &str) -> Runbook {
    let mut runbook = demo();
    runbook.title = Template::constant(text);
    runbook.summary = Some(text.to_owned());
    runbook.impact = Some(text.to_owned());
    runbook.never.push(text.to_owned());
    runbook.owner =
        Some(crate::runbook::Owner { team: text.to_owned(), channel: Some(text.to_owned()) });
    for title in [text, "https://a.example/\" onclick=x"] {
        let (title, url) = (Template::constant(title), Template::constant(title));
        runbook.links.push(Link { title, url });
    }
    for step in &mut runbook.steps {
        step.title = Template::constant(text);
        step.why = Some(text.to_owned());
        if let crate::runbook::Action::Run(run) = &mut step.action {
            run.sample = Some(text.to_owned());
        }
    }
    runbook
}

#[test]
fn no_string_is_obeyed_in_any_document() {
    for (name, text) in texts() {
        let runbook = saying(text);
        let page = html(&runbook);
        assert_inert(&page);
        let drawn = graph(&runbook);
        let read = show(&runbook, Detail::Unfolded);
        let planned = plan(&runbook, &Unknown, Detail::Unfolded);
        let width = Width::Columns(60);
        for shown in [
            page,
            drawn,
            read.markdown(),
            planned.markdown(),
            read.page().written(Colour::Never, width),
            planned.page().written(Colour::Never, width),
        ] {
            terminal_strings::assert_inert(name, &shown);
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        cases: 60, failure_persistence: None, ..Default::default()
    })]

    /// Whatever texts say, in every place that a text can have.
    #[test]
    fn hostile_texts_do_nothing(text in "\\PC{0,60}|[<>\"'&=/!\\-\\[\\]()`*_#:. a-z\n]{0,80}|<(script|img src=x onerror=a|a href=javascript:b|style|/main|!--|/article|svg onload=c)>?") {
        let runbook = saying(&text);
        assert_inert(&html(&runbook));
    }
}
