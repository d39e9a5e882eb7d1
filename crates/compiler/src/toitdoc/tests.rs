//! Comments and their parsed form, as text: each part with a mark of its kind.

use super::{Block, Inline, Section, read};
use crate::source::Span;

/// Reads a comment and renders the structure: `P` paragraphs, `L` lists, `C` code; `{}` references, `<>` code, `**`
/// emphasis, `[]` links.
fn shown(text: &str) -> String {
    let start = text.find("//").or_else(|| text.find("/**")).unwrap_or(0);
    let start = text.find("/**").map_or(start, |block| block.min(start.max(block)));
    let comment = read(text, Span::new(start, text.trim_end().len()));
    comment.sections.iter().map(section).collect::<Vec<_>>().join("\n")
}

fn section(section: &Section) -> String {
    let mut text = match section.level {
        0 => String::new(),
        level => format!("{} {}\n", "#".repeat(level), inline(&section.title)),
    };
    text += &blocks(&section.blocks);
    text
}

fn blocks(list: &[Block]) -> String {
    let block = |block: &Block| match block {
        Block::Paragraph(parts) => format!("P({})", inline(parts)),
        Block::Code { language, text } => format!("C{}({text})", language.as_deref().unwrap_or("")),
        Block::List { first, items } => {
            let items: Vec<String> = items.iter().map(|item| blocks(item)).collect();
            format!("L{}[{}]", first.map(|first| first.to_string()).unwrap_or_default(), items.join(" | "))
        }
    };
    list.iter().map(block).collect::<Vec<_>>().join(" ")
}

fn inline(parts: &[Inline]) -> String {
    let part = |part: &Inline| match part {
        Inline::Text(text) => text.clone(),
        Inline::Emphasis(text) => format!("*{text}*"),
        Inline::Code(text) => format!("<{text}>"),
        Inline::Link { text, url } if text == url => format!("[{url}]"),
        Inline::Link { text, url } => format!("[{text}: {url}]"),
        Inline::Reference { text, .. } => format!("{{{text}}}"),
    };
    parts.iter().map(part).collect()
}

#[test]
fn a_line_is_a_paragraph_unless_it_is_indented() {
    assert_eq!(shown("/**\nOne\n  more.\nTwo.\n\nThree.\n*/"), "P(One more.) P(Two.) P(Three.)");
    assert_eq!(shown("  /**\n  One\n    more.\n  Two.\n  */"), "P(One more.) P(Two.)");
    assert_eq!(shown("/** One\n  more.\nTwo. */"), "P(One more.) P(Two.)");
    assert_eq!(shown("  /// One\n  ///   more.\n  /// Two."), "P(One more.) P(Two.)");
    assert_eq!(shown("/**\nOne\n    more\n  and more.\n*/"), "P(One more and more.)");
}

#[test]
fn text_has_parts() {
    let text = "/** See $a.b, $(c= x), $(+ y) and `d   e`, \"$f\" or *g h*. */";
    assert_eq!(shown(text), "P(See {a.b}, {c=}, {+} and <d e>, \"$f\" or *g h*.)");
    assert_eq!(shown("/** 2 * 3 * 4, a*b*c, \\$x, \\*y*, \\n. */"), "P(2 * 3 * 4, a*b*c, $x, *y*, \\n.)");
    assert_eq!(shown("/// `a\n/// b` \"c\n/// d\""), "P(<a b> \"c d\")");
}

#[test]
fn addresses_are_links_and_nothing_else_is() {
    assert_eq!(shown("/** See https://a.b/c?d=e#f. */"), "P(See [https://a.b/c?d=e#f].)");
    assert_eq!(
        shown("/** (http://a.b/c_(d)) [x y](https://e.f). */"),
        "P(([http://a.b/c_(d)]) [x y: https://e.f].)"
    );
    assert_eq!(shown("/** [x](javascript:y) javascript:z */"), "P([x](javascript:y) javascript:z)");
    assert_eq!(
        shown("/** https://a.b\"onclick=x <https://c.d> */"),
        "P([https://a.b]\"onclick=x <[https://c.d]>)"
    );
    assert_eq!(shown("/** xhttp://a.b https:// */"), "P(xhttp://a.b https://)");
}

#[test]
fn the_search_for_the_end_of_an_address_is_bounded() {
    // With a search through the whole rest from each beginning, this would take minutes.
    let text = format!("/** {} */", "https://a(".repeat(200_000));
    assert!(shown(&text).starts_with("P(https://a("));
    let of = |length: usize| shown(&format!("/** https://{} */", "é".repeat(length / 2)));
    assert!(of(1_900).starts_with("P([https://") && of(2_100).starts_with("P(https://"));
}

#[test]
fn lists_nest() {
    let text = "/**\nText:\n- one\n  more\n  - inner\n\n    second\n- two\n\nEnd.\n*/";
    assert_eq!(shown(text), "P(Text:) L[P(one more) L[P(inner) P(second)] | P(two)] P(End.)");
    assert_eq!(shown("/**\n3. a\n4. b\n- c\n*/"), "L3[P(a) | P(b)] L[P(c)]");
    assert_eq!(shown("/**\n-1 is no item.\n3.5 neither.\n*/"), "P(-1 is no item.) P(3.5 neither.)");
    let deep: String = (0..50).map(|depth| format!("{}- x\n", " ".repeat(depth))).collect();
    assert_eq!(shown(&format!("/**\n{deep}*/")).matches("L[").count(), super::DEPTH_MAX);
}

#[test]
fn code_keeps_its_lines() {
    let text = "  /**\n  ```toit\n  main:\n    print 1\n\n  ```\n  After.\n  */";
    assert_eq!(shown(text), "Ctoit(main:\n  print 1) P(After.)");
    assert_eq!(shown("/// ```\n/// a\n///   b\n/// ```"), "C(a\n  b)");
    assert_eq!(shown("/** ```a b``` c */"), "C(a b) P(c)");
    assert_eq!(shown("/**\n```\n<b>\n*/"), "C(<b>)");
}

#[test]
fn sections_have_titles() {
    let text = "/**\nText.\n\n# Errors\nOne.\n## `x` and $y\nTwo.\n#[1] no title.\n*/";
    assert_eq!(shown(text), "P(Text.)\n# Errors\nP(One.)\n## <x> and {y}\nP(Two.) P(#[1] no title.)");
    assert_eq!(shown("/***/"), "");
    assert_eq!(shown("/**\n- a\n# B\n*/"), "L[P(a)]\n# B\n");
}

#[test]
fn no_text_is_lost_and_nothing_panics() {
    let parts = [
        "$", "(", ")", "`", "```", "\n", " ", "  - ", "# ", "*", "[", "](", "https://", "\"", "'", "\\", "é",
        "a",
    ];
    let mut seed = 1u32;
    for _ in 0..3_000 {
        let mut text = String::from("/**");
        for _ in 0..14 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text += parts[(seed >> 16) as usize % parts.len()];
        }
        let letters = |text: &str| text.matches('é').count();
        let wanted = letters(&text);
        text += "*/";
        assert_eq!(letters(&shown(&text)), wanted, "{text:?}");
    }
}
