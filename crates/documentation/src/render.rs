//! From the model to the files of a site.
//!
//! Every page has the same frame (`frame`): a link past the header, the search, the contents of the page, and the main part.
//! The search is the only part that needs JavaScript.

mod class;
mod frame;
mod index;
mod library;
mod members;
mod prose;
mod search;
mod source;

use crate::DocumentationError;
use crate::model::Documentation;
use crate::site::Site;

/// The style of all pages.
const STYLE: &str = include_str!("../assets/style.css");

/// The search.
const SEARCH: &str = include_str!("../assets/search.js");

/// The path of the style.
const STYLE_PATH: &str = "assets/style.css";

/// The path of the script.
const SEARCH_PATH: &str = "assets/search.js";

/// The path of the index of the search.
const INDEX_PATH: &str = "assets/search-index.js";

/// Makes the files of a site.
///
/// # Errors
/// [`DocumentationError::TooLarge`].
pub fn render(documentation: &Documentation) -> Result<Site, DocumentationError> {
    let mut site = Site::default();
    site.add(STYLE_PATH, STYLE.as_bytes().to_vec())?;
    site.add(SEARCH_PATH, SEARCH.as_bytes().to_vec())?;
    site.add(INDEX_PATH, search::index(documentation).into_bytes())?;
    site.add("index.html", index::site(documentation).into_bytes())?;
    for package in &documentation.packages {
        site.add(&package.url.page, index::package(documentation, package).into_bytes())?;
        for library in &package.libraries {
            let page = library::page(documentation, package, library);
            site.add(&library.url.page, page.into_bytes())?;
            for class in &library.classes {
                let page = class::page(documentation, package, library, class);
                site.add(&class.url.page, page.into_bytes())?;
            }
        }
    }
    for source in &documentation.sources {
        site.add(&source.url.page, source::page(documentation, source).into_bytes())?;
    }
    Ok(site)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::STYLE;

    /// The colors of text, and the backgrounds that they are seen on.
    const PAIRS: &[(&str, &[&str])] = &[
        ("text", &["back", "panel", "target"]),
        ("soft", &["back", "panel", "target"]),
        ("link", &["back", "panel", "target"]),
        ("keyword", &["back", "panel", "target"]),
        ("type", &["back", "panel", "target"]),
        ("value", &["back", "panel", "target"]),
        ("string", &["panel", "target"]),
        ("comment", &["panel", "target"]),
        ("on-mark", &["mark"]),
    ];

    /// The contrast that WCAG asks for (level AA), for text of any size.
    const CONTRAST_MIN: f64 = 4.5;

    /// Returns the colors that a part of the style defines.
    fn colors(style: &str) -> BTreeMap<&str, [u8; 3]> {
        let block =
            style.split_once(":root {").and_then(|(_, rest)| rest.split_once('}')).expect("a block").0;
        let lines = block.lines().filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
            let number = u32::from_str_radix(value.strip_suffix(';')?, 16).ok()?;
            let [_, red, green, blue] = number.to_be_bytes();
            Some((name, [red, green, blue]))
        });
        lines.collect()
    }

    fn luminance(color: [u8; 3]) -> f64 {
        let linear = color.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.03928 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn colors_can_be_told_apart() {
        let (light, dark) = STYLE.split_once("prefers-color-scheme: dark").expect("there are two themes");
        let (light, dark) = (colors(light), colors(dark));
        assert_eq!(light.keys().collect::<Vec<_>>(), dark.keys().collect::<Vec<_>>());
        for theme in [light, dark] {
            for (text, backs) in PAIRS {
                for back in *backs {
                    let contrast = contrast(theme[text], theme[back]);
                    assert!(contrast >= CONTRAST_MIN, "{text} on {back}: {contrast:.2}");
                }
            }
        }
        assert!((contrast([0, 0, 0], [255, 255, 255]) - 21.0).abs() < 0.01);
    }
}
