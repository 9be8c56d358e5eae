//! What terminals obey and what misleads the eye: names, the bytes, and a judge of what was made of
//! them. The judge shares nothing with the program.

/// Each kind of thing once, as bytes: some are no text.
pub(crate) const STRINGS: [(&str, &[u8]); 88] = [
    // Looks.
    ("colour", b"\x1b[32mall good\x1b[0m"),
    ("colour that stays", b"\x1b[31mred from here on"),
    ("concealed", b"rm \x1b[8m-rf /\x1b[28m x"),
    ("black on black", b"\x1b[30;40mhidden\x1b[m"),
    ("inverse and blinking", b"\x1b[7;5mlook\x1b[27;25m"),
    ("colour by number", b"\x1b[38;5;196mred\x1b[48;2;0;0;0mdark"),
    ("colons instead of semicolons", b"\x1b[38:2::1:2:3mred\x1b[4:3mcurly"),
    (
        "a great many parameters",
        b"\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1m",
    ),
    ("a parameter beyond all numbers", b"\x1b[99999999999999999999m"),
    // Moves and erasures.
    ("cleared screen", b"\x1b[2J\x1b[3J\x1b[H"),
    ("erased line", b"rm -rf x\x1b[2K\x1b[1Gls"),
    ("line above", b"\x1b[1A\x1b[2Kapproved"),
    ("place on the screen", b"\x1b[2;2Hhere"),
    ("place of a column", b"\x1b[1`first\x1b[5Gfifth"),
    ("saved and restored cursor", b"\x1b7\x1b[5;5Hx\x1b8\x1b[s\x1b[u"),
    ("scroll region", b"\x1b[2;5r\x1b[3S\x1b[3T"),
    ("inserted and deleted lines", b"\x1b[2L\x1b[2M\x1b[3@\x1b[3P"),
    ("erased characters", b"secret\x1b[6D\x1b[6X"),
    ("repeated character", b"x\x1b[999999b"),
    ("reverse line feed", b"\x1bM\x1bM\x1bMover"),
    ("next line and index", b"\x1bEa\x1bDb"),
    ("tab stops", b"\x1bH\x1b[3g\x1b[2Z"),
    // Modes.
    ("alternate screen", b"\x1b[?1049h\x1b[?25l"),
    ("main screen", b"\x1b[?1049l\x1b[?47l"),
    ("mouse reports", b"\x1b[?1000;1002;1006h"),
    ("focus reports", b"\x1b[?1004h"),
    ("bracketed paste on", b"\x1b[?2004h"),
    ("end of a bracketed paste", b"\x1b[201~rm -rf /\n\x1b[200~"),
    ("application keys", b"\x1b=\x1b[?1h\x1b>"),
    ("no wrapping", b"\x1b[?7lthis goes off the edge"),
    ("keyboard protocol", b"\x1b[>1u\x1b[>4;2m"),
    ("synchronised update that never ends", b"\x1b[?2026h"),
    ("soft reset", b"\x1b[!p"),
    ("full reset", b"\x1bc"),
    ("line drawing", b"\x1b(0lqqqk\x1b(B"),
    ("shifted sets", b"\x0elqqk\x0f\x1bn\x1bo\x1b|"),
    ("double height", b"\x1b#3big\x1b#8"),
    ("other character set", b"\x1b%@\x1b%G"),
    // Questions, whose answers would be typed.
    ("where is the cursor", b"\x1b[6n\x1b[?6n"),
    ("what are you", b"\x1b[c\x1b[>c\x1b[=c\x1b[>q\x1bZ"),
    ("what is your title", b"\x1b[21t\x1b[20t"),
    ("what is this setting", b"\x1bP$qm\x1b\\\x1bP+q544e\x1b\\"),
    ("which colours have you", b"\x1b]10;?\x07\x1b]4;1;?\x1b\\"),
    ("answer back", b"\x05"),
    ("checksum of the screen", b"\x1b[1;1;1;1;9;9*y"),
    // Windows.
    ("moved, small, to the icon", b"\x1b[3;0;0t\x1b[4;1;1t\x1b[2t"),
    ("title", b"\x1b]0;production\x07"),
    ("title with its proper end", b"\x1b]2;production\x1b\\"),
    ("title in the old way", b"\x1bkroot\x1b\\"),
    ("saved titles", b"\x1b[22;0t\x1b[23;0t"),
    // Commands of the system.
    ("link", b"\x1b]8;;https://evil.example/\x1b\\the dashboard\x1b]8;;\x1b\\"),
    ("link to a script", b"\x1b]8;id=1;javascript:alert(1)\x07here\x1b]8;;\x07"),
    ("clipboard written", b"\x1b]52;c;cm0gLXJmIC8K\x07"),
    ("clipboard read", b"\x1b]52;c;?\x1b\\"),
    ("notification", b"\x1b]9;done\x07\x1b]777;notify;Pay;now\x07\x1b]99;i=1;x\x1b\\"),
    ("progress of a task", b"\x1b]9;4;1;50\x07"),
    ("working directory", b"\x1b]7;file://host/tmp\x07"),
    ("marks of a shell", b"\x1b]133;A\x07\x1b]133;C\x07\x1b]633;E;ls\x07"),
    ("palette", b"\x1b]4;7;#000000\x07\x1b]11;#ffffff\x07\x1b]104\x07"),
    ("font", b"\x1b]50;x\x07"),
    ("file of another kind of terminal", b"\x1b]1337;File=inline=1:AAAA\x07"),
    ("system command without an end", b"\x1b]0;it goes on"),
    ("system command cut by another", b"\x1b]0;a\x1b]0;b\x07"),
    ("device control: picture", b"\x1bPq#0;2;0;0;0#0~~@@\x1b\\"),
    ("device control: keys", b"\x1bP0;1|17/6c730a\x1b\\"),
    ("device control without an end", b"\x1bP1$tx"),
    ("application command", b"\x1b_Ga=T,f=24,s=1,v=1;AAAA\x1b\\"),
    ("privacy message and start of string", b"\x1b^hidden\x1b\\\x1bXhidden\x1b\\"),
    ("escape alone", b"end\x1b"),
    ("sequence without an end", b"end\x1b["),
    ("controls inside of a sequence", b"\x1b[3\x081m\x1b[3\n1m\x18\x1a"),
    // One byte for two.
    ("C1 as bytes", b"\x9b31m\x9d0;x\x9c\x90q\x9c\x85\x8d"),
    ("C1 as UTF-8", b"\xc2\x9b31m\xc2\x9d0;x\xc2\x9c\xc2\x90q\xc2\x9c\xc2\x85\xc2\x9f"),
    ("overlong escape", b"\xc0\x9b[2J\xe0\x80\x9b[2J\xf0\x80\x80\x9b[2J"),
    (
        "surrogates, and beyond the last character",
        b"\xed\xa0\x80\xed\xb0\x80\xf4\x90\x80\x80\xff\xfe",
    ),
    ("characters that are cut", b"a\xe2\x9c\nb\xf0\x9f\nc\xc3"),
    // Single controls.
    ("carriage return", b"rm -rf x\recho ok  "),
    ("backspaces", b"bad\x08\x08\x08ok "),
    ("bells", b"\x07\x07\x07"),
    ("other controls", b"a\x00b\x0bc\x0cd\x7fe\x10f\x1cg"),
    // Text that is not what it looks like.
    ("turned around", "user \u{202e}nimda\u{202c} \u{61c}\u{200e}\u{200f}".as_bytes()),
    ("isolated", "\u{2066}/* \u{2069}\u{2067}if\u{2069}\u{2068}x".as_bytes()),
    ("no width", "ro\u{200b}ot\u{feff}\u{2060}\u{180e}\u{ad}".as_bytes()),
    ("joiners where nothing joins", "r\u{200d}m\u{200c}x".as_bytes()),
    ("tags and selectors", "a\u{e0072}\u{e006d}\u{e0100}b\u{fe0f}\u{fe00}c".as_bytes()),
    ("fillers", "\u{3164}\u{ffa0}\u{115f}\u{1160}\u{2800}\u{17b4}".as_bytes()),
    ("other ends of lines", "a\u{2028}b\u{2029}c\u{85}d".as_bytes()),
    (
        "no characters, and marks of no text",
        "\u{fffe}\u{1ffff}\u{fdd0}\u{fff9}\u{1d173}\u{1bca0}".as_bytes(),
    ),
];

/// Those that are text.
pub(crate) fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    STRINGS.iter().filter_map(|(name, bytes)| Some((*name, std::str::from_utf8(bytes).ok()?)))
}

/// Whether there is something in a text that a terminal would obey or a reader would not see. Joiners
/// may stand behind what is no ASCII.
pub(crate) fn harm(text: &str) -> Option<char> {
    let mut before = ' ';
    for c in text.chars() {
        let obeyed = u32::from(c) < 0x20 && !matches!(c, '\n' | '\t')
            || (0x7f..=0x9f).contains(&u32::from(c));
        let unseen = matches!(u32::from(c),
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b
            | 0x200e | 0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfdd0..=0xfdef
            | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0xfffe | 0xffff | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a | 0x1fffe | 0x1ffff | 0xe0000..=0xe0fff);
        let joins = matches!(u32::from(c), 0x200c | 0x200d | 0xfe00..=0xfe0f) && before.is_ascii();
        if obeyed || unseen || joins {
            return Some(c);
        }
        before = c;
    }
    None
}

/// Nothing in it is obeyed, and everything is seen.
#[track_caller]
pub(crate) fn assert_inert(what: &str, text: &str) {
    if let Some(c) = harm(text) {
        panic!("{what} lets {c:?} through: {text:?}");
    }
}
