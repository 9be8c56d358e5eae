//! A chart as a drawing that stands in a page: the steps under each other, as they are read, and
//! beside them a track for each place that something jumps to.
//!
//! Colours come from the page's styles. Nothing is measured: widths are counted in columns.

use std::fmt::Write as _;

use super::chart::{Chart, Item, Kind, Line, Manner, Node};
use super::html::escaped;

/// How wide a node is, and what stands around it.
const WIDTH: usize = 360;
const LEFT: usize = 14;
const INDENT: usize = 12;
const GAP: usize = 18;
const ROW: usize = 18;
const PADDING: usize = 9;
/// How far tracks are from each other.
const TRACK: usize = 12;
/// How many columns fit into a node, beside its word and in a row.
const TITLE_COLUMNS: usize = 36;
const ROW_COLUMNS: usize = 46;

/// Draws a chart.
pub(super) fn drawing(chart: &Chart) -> String {
    let mut layout =
        Layout { chart, boxes: Vec::new(), labels: Vec::new(), bars: Vec::new(), y: 8 };
    for part in &chart.parts {
        if let Some(title) = &part.title {
            layout.heading(title, LEFT);
        }
        layout.items(&part.items, 0);
        layout.y += GAP;
    }
    layout.draw()
}

/// A node where it stands.
struct Placed<'a> {
    node: &'a Node,
    depth: usize,
    top: usize,
    bottom: usize,
    title: Vec<String>,
    rows: Vec<Row<'a>>,
}

/// A way that leaves a node sideways.
struct Row<'a> {
    line: &'a Line,
    text: Vec<String>,
    /// Where its port is.
    y: usize,
}

struct Layout<'a> {
    chart: &'a Chart,
    boxes: Vec<Placed<'a>>,
    labels: Vec<(usize, usize, String)>,
    /// Bars beside groups: depth, top, bottom.
    bars: Vec<(usize, usize, usize)>,
    y: usize,
}

impl<'a> Layout<'a> {
    fn heading(&mut self, title: &str, x: usize) {
        self.y += ROW;
        for line in textwrap::wrap(title, ROW_COLUMNS) {
            self.labels.push((x, self.y, line.into_owned()));
            self.y += ROW;
        }
        self.y -= ROW - PADDING;
    }

    fn items(&mut self, items: &'a [Item], depth: usize) {
        for item in items {
            match item {
                Item::Group { title, items } => {
                    // Beside the arrow that leads into the group.
                    self.heading(title, LEFT + depth * INDENT + 46);
                    let top = self.y;
                    self.items(items, depth + 1);
                    self.bars.push((depth, top, self.y.saturating_sub(GAP)));
                }
                Item::Node(node) => self.node(node, depth),
            }
        }
    }

    fn node(&mut self, node: &'a Node, depth: usize) {
        let number =
            if node.number.is_empty() { String::new() } else { format!("{}  ", node.number) };
        let title: Vec<String> = textwrap::wrap(&format!("{number}{}", node.title), TITLE_COLUMNS)
            .into_iter()
            .map(std::borrow::Cow::into_owned)
            .collect();
        let top = self.y;
        let mut y = top + PADDING + ROW * title.len();
        let mut rows = Vec::new();
        let after = self.after(node);
        for line in self.chart.lines.iter().filter(|line| line.from == node.id) {
            if line.label.is_none() && Some(line.to) == after {
                continue;
            }
            let text = line.label.as_deref().unwrap_or(match line.manner {
                Manner::Call => "does it, and comes back",
                _ => "goes there",
            });
            let text: Vec<String> = textwrap::wrap(text, ROW_COLUMNS)
                .into_iter()
                .map(std::borrow::Cow::into_owned)
                .collect();
            let count = text.len();
            rows.push(Row { line, text, y: y + ROW / 2 + 4 });
            y += ROW * count + 4;
        }
        let bottom = y + PADDING;
        self.boxes.push(Placed { node, depth, top, bottom, title, rows });
        self.y = bottom + GAP;
    }

    /// The node that stands below.
    fn after(&self, node: &Node) -> Option<usize> {
        let nodes = self.chart.nodes();
        let at = nodes.iter().position(|other| other.id == node.id)?;
        nodes.get(at + 1).map(|next| next.id)
    }

    fn place(&self, id: usize) -> Option<&Placed<'a>> {
        self.boxes.iter().find(|placed| placed.node.id == id)
    }

    fn draw(&self) -> String {
        let tracks = self.tracks();
        let count = tracks.iter().map(|track| track.at + 1).max().unwrap_or(0);
        let width = LEFT + WIDTH + 16 + count * TRACK;
        let height = self.y;
        let mut out = format!(
            "<svg class=\"chart\" role=\"img\" aria-labelledby=\"chart-title chart-about\" \
             viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\
             <title id=\"chart-title\">The runbook as a picture: {}</title>\
             <desc id=\"chart-about\">The steps below each other, with lines to where they lead. \
             The text of the page says the same.</desc>{MARKERS}",
            escaped(&self.chart.title)
        );
        for (depth, top, bottom) in &self.bars {
            let x = LEFT + depth * INDENT + 3;
            put(&mut out, format_args!("<path class=\"bar\" d=\"M{x} {top}V{bottom}\"/>"));
        }
        for (x, y, title) in &self.labels {
            put(
                &mut out,
                format_args!("<text class=\"part\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(title)),
            );
        }
        for track in &tracks {
            self.track(&mut out, track);
        }
        for placed in &self.boxes {
            self.below(&mut out, placed);
        }
        for placed in &self.boxes {
            node(&mut out, placed);
        }
        out.push_str("</svg>");
        out
    }

    /// The arrow to the node below.
    fn below(&self, out: &mut String, placed: &Placed<'_>) {
        let after = self.after(placed.node);
        let goes = |line: &&Line| {
            line.from == placed.node.id && line.label.is_none() && Some(line.to) == after
        };
        let target = after.and_then(|id| self.place(id));
        if let (Some(_), Some(target)) = (self.chart.lines.iter().find(goes), target) {
            let x = LEFT + placed.depth.max(target.depth) * INDENT + 24;
            put(
                out,
                format_args!(
                    "<path class=\"next\" marker-end=\"url(#tip)\" d=\"M{x} {}V{}\"/>",
                    placed.bottom,
                    target.top - 2
                ),
            );
        }
    }

    /// One track for each node that something jumps to; tracks that do not touch share a place,
    /// and short ones are nearest.
    fn tracks(&self) -> Vec<Track> {
        let mut tracks: Vec<Track> = Vec::new();
        for placed in &self.boxes {
            for row in &placed.rows {
                let Some(target) = self.place(row.line.to) else { continue };
                let there = target.top + PADDING + ROW / 2;
                let (top, bottom) = (there.min(row.y), there.max(row.y));
                match tracks.iter_mut().find(|track| track.to == row.line.to) {
                    Some(track) => {
                        track.top = track.top.min(top);
                        track.bottom = track.bottom.max(bottom);
                    }
                    None => tracks.push(Track { to: row.line.to, there, top, bottom, at: 0 }),
                }
            }
        }
        tracks.sort_by_key(|track| (track.bottom - track.top, track.to));
        for index in 0..tracks.len() {
            let touches = |other: &Track| {
                other.top <= tracks[index].bottom && tracks[index].top <= other.bottom
            };
            let taken: Vec<usize> =
                tracks[..index].iter().filter(|other| touches(other)).map(|it| it.at).collect();
            tracks[index].at = (0..=index).find(|at| !taken.contains(at)).unwrap_or_default();
        }
        tracks
    }

    fn track(&self, out: &mut String, track: &Track) {
        let right = LEFT + WIDTH;
        let x = right + 14 + track.at * TRACK;
        let hue = track.at % 4;
        for placed in &self.boxes {
            for row in placed.rows.iter().filter(|row| row.line.to == track.to) {
                let manner = match row.line.manner {
                    Manner::Call => "call",
                    Manner::Failed => "failed",
                    Manner::Go => "go",
                    Manner::Skipped => "skipped",
                };
                let (from, to) = (row.y, track.there);
                let bend = 5.min(from.abs_diff(to) / 2);
                let (leave, arrive) =
                    if to > from { (from + bend, to - bend) } else { (from - bend, to + bend) };
                let back = if row.line.manner == Manner::Call {
                    " marker-start=\"url(#tip)\""
                } else {
                    ""
                };
                put(
                    out,
                    format_args!(
                        "<path class=\"track {manner} hue{hue}\"{back} marker-end=\"url(#tip)\" \
                         d=\"M{} {from}H{}Q{x} {from} {x} {leave}V{arrive}Q{x} {to} {} {to}H{}\"/>",
                        right + 2,
                        x - bend,
                        x - bend,
                        right + 2,
                    ),
                );
            }
        }
    }
}

struct Track {
    to: usize,
    there: usize,
    top: usize,
    bottom: usize,
    at: usize,
}

const MARKERS: &str = "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" \
    markerWidth=\"7\" markerHeight=\"7\" orient=\"auto-start-reverse\">\
    <path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>";

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _infallible = out.write_fmt(text);
}

fn node(out: &mut String, placed: &Placed<'_>) {
    let x = LEFT + placed.depth * INDENT;
    let width = WIDTH - placed.depth * INDENT;
    let (top, height) = (placed.top, placed.bottom - placed.top);
    let class = placed.node.kind.class();
    let round = if matches!(placed.node.kind, Kind::Back | Kind::End(_)) { 16 } else { 6 };
    if let Some(anchor) = &placed.node.anchor {
        put(out, format_args!("<a href=\"#{}\">", escaped(anchor)));
    }
    put(
        out,
        format_args!(
            "<g class=\"node {class}\"><rect x=\"{x}\" y=\"{top}\" width=\"{width}\" \
             height=\"{height}\" rx=\"{round}\"/>"
        ),
    );
    let text = |out: &mut String, class: &str, x: usize, y: usize, text: &str| {
        put(
            out,
            format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text)),
        );
    };
    for (index, line) in placed.title.iter().enumerate() {
        text(out, "title", x + 14, top + PADDING + ROW * index + 14, line);
    }
    if !matches!(placed.node.kind, Kind::Back | Kind::End(_)) {
        text(out, "word", x + width - 10, top + PADDING + 13, placed.node.kind.word());
    }
    for row in &placed.rows {
        for (index, line) in row.text.iter().enumerate() {
            text(out, "row", x + 26, row.y + 4 + ROW * index, line);
        }
    }
    out.push_str("</g>");
    if placed.node.anchor.is_some() {
        out.push_str("</a>");
    }
}
