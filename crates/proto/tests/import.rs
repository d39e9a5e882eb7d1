//! Imports protobuf files, and compares the definitions and the messages with snapshots.

use std::fs;
use std::path::Path;

use lucarne_proto::{ImportError, Options, import, import_text};

/// Returns the definition of a text, or the message.
fn imported(text: &str) -> String {
    match import_text("test.proto", text) {
        Ok(definition) => format!("{}\n{}", definition.file, definition.text),
        Err(error) => error.to_string(),
    }
}

/// Returns the definition or the message for the service `S`, whose methods are given, beside messages.
fn of_service(methods: &str, messages: &str) -> String {
    imported(&format!("syntax = \"proto3\";\npackage p;\n{messages}\nservice S {{\n{methods}\n}}\n"))
}

#[test]
fn a_service_with_all_that_can_be_expressed() {
    insta::assert_snapshot!(imported(include_str!("chat.proto")));
}

#[test]
fn fields_of_the_second_syntax_are_null_unless_they_are_required() {
    let text = "syntax = \"proto2\";\n\
        message M { required int32 id = 1; optional string text = 2 [default = \"a\\\"$b\"]; repeated bool b = 3; }\n\
        service S { rpc Get(M) returns (M); }\n";
    insta::assert_snapshot!(imported(text));
}

#[test]
fn defaults_of_the_second_syntax_are_named() {
    let text = "syntax = \"proto2\";\nenum E { A = 1; B = 2; }\n\
        message M {\n  required int32 a = 1 [default = -5];\n  optional double b = 2 [default = 1e300];\n\
        optional float c = 3 [default = -inf];\n  optional E d = 4 [default = B];\n\
        optional string e = 5 [default = \"*/ $x /*/\"];\n  optional bool f = 6 [default = true];\n}\n\
        service S { rpc Get(M) returns (M); }\n";
    insta::assert_snapshot!(imported(text));
}

#[test]
fn messages_of_google_are_records_where_they_are_the_whole_message() {
    let imports = "import \"google/protobuf/struct.proto\";\nimport \"google/protobuf/wrappers.proto\";";
    let methods = "rpc Get(google.protobuf.StringValue) returns (google.protobuf.Struct);\n\
        rpc Put(google.protobuf.ListValue) returns (google.protobuf.StringValue);\n\
        rpc One(google.protobuf.Value) returns (google.protobuf.Int64Value);";
    insta::assert_snapshot!(of_service(methods, imports));
}

#[test]
fn messages_about_files_are_plain_and_have_places() {
    let folder = tempfile::tempdir().unwrap();
    let message = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = import(&path, &Options::default()).unwrap_err().to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    };
    let garbage = message("garbage.proto", b"syntax = \"proto3\";\n\xff\xfe");
    assert_eq!(garbage, "cannot read garbage.proto: line 2 is not UTF-8");
    let short = message("short.proto", b"syntax = \"proto3\";\nmessage M {\n  int32 a");
    assert!(short.starts_with("short.proto:3:10: expected ") && short.ends_with("end of file"), "{short}");
    let empty = message("wrong.proto", b"syntax = \"proto3\";\nmessage {");
    assert!(empty.starts_with("wrong.proto:2:9: expected "), "{empty}");
}

#[test]
fn messages_of_google_have_equals() {
    let messages = "import \"google/protobuf/empty.proto\";\nimport \"google/protobuf/struct.proto\";\n\
        import \"google/protobuf/timestamp.proto\";\nimport \"google/protobuf/duration.proto\";\n\
        import \"google/protobuf/wrappers.proto\";\n\
        message M {\n  google.protobuf.Timestamp at = 1;\n  google.protobuf.Duration took = 2;\n\
        google.protobuf.StringValue name = 3;\n  repeated google.protobuf.Value values = 4;\n\
        google.protobuf.Struct more = 5;\n  google.protobuf.Value one = 6;\n}";
    let methods = "rpc Ping(google.protobuf.Empty) returns (google.protobuf.Empty);\nrpc Get(google.protobuf.Empty) returns (M);";
    insta::assert_snapshot!(of_service(methods, messages));
}

#[test]
fn names_that_are_taken_get_others() {
    let methods = "rpc open(List) returns (List);\nrpc If(List) returns (List);";
    insta::assert_snapshot!(of_service(
        methods,
        "message List { int32 class = 1; string throw = 2; int32 operator = 3; int32 this = 4; int32 super = 5; int32 constructor = 6; int32 abstract = 7; }"
    ));
}

#[test]
fn comments_say_the_same_in_toit() {
    let messages = "// Costs $5, by @throws in C:\\dir /* not */ `here.\n// @record\nmessage M { int32 a = 1; // Beside.\n}";
    insta::assert_snapshot!(of_service("rpc Get(M) returns (M);", messages));
}

/// Each part that cannot be expressed, with its place.
#[test]
fn what_cannot_be_expressed_is_refused_by_name() {
    let m = "message M { int32 a = 1; }";
    let mut shown = String::new();
    for (methods, messages) in [
        ("rpc Put(stream M) returns (M);\nrpc Chat(stream M) returns (stream M);", m),
        ("rpc Get(M) returns (stream E);", "message M { int32 a = 1; }\nmessage E {}"),
        ("rpc Get(M) returns (M);", "message E {}\nmessage M {\n  E e = 1;\n  map<bool, int32> m = 2;\n}"),
        ("rpc Get(M) returns (M);", "message M { int32 foo_bar = 1; int32 foo__bar = 2; }"),
        ("rpc Get(A_B) returns (AB);", "message A_B { int32 a = 1; }\nmessage AB { int32 a = 1; }"),
        (
            "rpc Get(M) returns (M);",
            "import \"google/protobuf/any.proto\";\nmessage M { google.protobuf.Any a = 1; }",
        ),
        ("rpc Get(M) returns (M);", "enum C { RED = 0; C_RED = 1; }\nmessage M { C c = 1; }"),
        ("rpc Get(SClient) returns (SClient);", "message SClient { int32 a = 1; }"),
    ] {
        shown += &of_service(methods, messages);
        shown += "\n\n";
    }
    let group = "syntax = \"proto2\";\nmessage M { optional group Part = 1 { optional int32 a = 1; } }\n\
        service S { rpc Get(M) returns (M); }";
    shown += &imported(group);
    insta::assert_snapshot!(shown);
}

#[test]
fn files_with_mistakes_are_reported_with_their_places() {
    let mut shown = String::new();
    for text in [
        "syntax = \"proto3\";\nmessage M {\n  int32 = 1;\n}\n",
        "syntax = \"proto3\";\nservice S { rpc Get(M) returns (M); }\n",
        "import \"other.proto\";\n",
        "syntax = \"proto3\";\nmessage M {}\n",
        "\u{0}",
        "",
    ] {
        shown += &imported(text);
        shown += "\n\n";
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn one_of_several_services_is_chosen_and_files_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    write("more/base.proto", "syntax = \"proto3\";\npackage base;\nmessage M { int32 a = 1; }\n");
    let file = write(
        "two.proto",
        "syntax = \"proto3\";\nimport \"base.proto\";\nservice One { rpc Get(base.M) returns (base.M); }\n\
         service Two { rpc Get(base.M) returns (base.M); }\n",
    );
    let import_with = |file: &Path, includes: &[&str], service: Option<&str>| {
        let includes = includes.iter().map(|include| folder.path().join(include)).collect();
        import(file, &Options { includes, service: service.map(str::to_owned) })
    };
    let message = |result: Result<_, ImportError>| result.unwrap_err().to_string();

    let missing = message(import_with(&file, &[], Some("One")));
    assert!(missing.contains("base.proto") && missing.contains("not found"), "{missing}");
    let several = message(import_with(&file, &["more"], None));
    assert_eq!(several, "two.proto has 2 services: choose one with --service One, --service Two");
    let other = message(import_with(&file, &["more"], Some("Twoo")));
    assert_eq!(other, "two.proto has no service Twoo: did you mean Two?");
    let other = message(import_with(&file, &["more"], Some("Thermometer")));
    assert_eq!(other, "two.proto has no service Thermometer: it has One, Two");
    let two = import_with(&file, &["more"], Some("Two")).unwrap();
    assert_eq!(two.file, "two.toit");
    assert!(two.text.contains("get request/BaseM -> BaseM"), "{}", two.text);

    let large = write("large.proto", &" ".repeat((4 << 20) + 1));
    let message = message(import_with(&large, &[], None));
    assert!(message.contains("has more than 4194304 bytes"), "{message}");
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let text = "syntax = \"proto3\";\nmessage M { int32 a = 1; }\nservice S { rpc Get(M) returns (M); }\n";
    assert_eq!(imported(&format!("\u{feff}{text}")), imported(text));
}

#[test]
fn what_the_parser_does_not_know_is_explained() {
    let rest = "message M { int32 a = 1; }\nservice S { rpc Get(M) returns (M); }\n";
    let edition = imported(&format!("edition = \"2023\";\n{rest}"));
    let missing =
        imported(&format!("syntax = \"proto3\";\nimport \"google/api/annotations.proto\";\n{rest}"));
    insta::assert_snapshot!(format!("{edition}\n\n{missing}"));
}
