"""Strings."""
import numpy as np

from modeltest import check, refused

WORDS = np.array([["one", "", "dreißig"], ["  a b\tc ", "x,y,,z", "ÄÖÜ straße"]], object)


def test_concat():
    check("StringConcat", {}, {"a": WORDS, "b": WORDS[:, :1]}, expect=[WORDS + WORDS[:, :1]])
    check("StringConcat", {}, {"a": WORDS[0, 0].reshape(()) if hasattr(WORDS[0, 0], "reshape") else np.array("one", object),
                               "b": WORDS}, expect=[np.array("one", object) + WORDS])
    check("StringConcat", {}, {"a": WORDS[:0], "b": WORDS[0]}, expect=[WORDS[:0]])
    refused("StringConcat", {}, {"a": WORDS, "b": np.ones((2, 3), np.float32)}, "float32")
    refused("StringConcat", {}, {"a": WORDS, "b": WORDS[:, :2]}, "broadcast")


def split(delimiter, most, words):
    pieces = [w.split(delimiter, most) for w in words.reshape(-1)]
    longest = max(map(len, pieces), default=0)
    padded = np.empty((len(pieces), longest), object)
    for row, own in zip(padded, pieces):
        row[:] = own + [""] * (longest - len(own))
    return [padded.reshape(*words.shape, longest), np.array([len(p) for p in pieces], np.int64).reshape(words.shape)]


def test_split():
    for most in -1, 0, 1, 2:
        attributes = {} if most < 0 else {"maxsplit": most}
        check("StringSplit", attributes, {"x": WORDS}, n_out=2, expect=split(None, most, WORDS))
        check("StringSplit", {"delimiter": "", **attributes}, {"x": WORDS}, n_out=2, expect=split(None, most, WORDS))
        check("StringSplit", {"delimiter": ",", **attributes}, {"x": WORDS}, n_out=2, expect=split(",", most, WORDS))
        check("StringSplit", {"delimiter": "ß", **attributes}, {"x": WORDS}, n_out=2, expect=split("ß", most, WORDS))
    check("StringSplit", {"delimiter": "aa"}, {"x": np.array(["aaaaa", "aa"], object)}, n_out=2,
          expect=split("aa", -1, np.array(["aaaaa", "aa"])))
    check("StringSplit", {}, {"x": WORDS[:0]}, n_out=2, expect=split(None, -1, WORDS[:0]))
    refused("StringSplit", {}, {"x": np.ones(2, np.int32)}, "int32", n_out=2)


def test_normalizer():
    x = np.array(["Monday", "TUESDAY", "ärger ÉTÉ", "monday"], object)
    check("StringNormalizer", {}, {"x": x}, expect=[x])
    check("StringNormalizer", {"case_change_action": "LOWER"}, {"x": x}, expect=[np.array([w.lower() for w in x], object)])
    check("StringNormalizer", {"case_change_action": "UPPER"}, {"x": x[None]}, expect=[np.array([[w.upper() for w in x]], object)])
    check("StringNormalizer", {"stopwords": ["monday"]}, {"x": x}, expect=[x[1:3]])
    check("StringNormalizer", {"stopwords": ["monday"], "is_case_sensitive": 1}, {"x": x}, expect=[x[:3]])
    check("StringNormalizer", {"stopwords": list(x)}, {"x": x}, expect=[np.array([""], object)])
    check("StringNormalizer", {"stopwords": list(x)}, {"x": x[None]}, expect=[np.array([[""]], object)])
    refused("StringNormalizer", {}, {"x": np.stack([x, x])}, "[C] and [1,C]")
    refused("StringNormalizer", {"case_change_action": "TITLE"}, {"x": x}, "TITLE")


def test_regex():
    x = np.array([["www.google.com", "www.facebook.com", "www.bbc.co.uk"], ["", "x www.a.com", "www.a.com\n"]], object)
    check("RegexFullMatch", {"pattern": r"www\.[\w.-]+\.\bcom\b"}, {"x": x},
          expect=[np.array([[True, True, False], [False, False, False]])])
    check("RegexFullMatch", {"pattern": ""}, {"x": x}, expect=[x == ""])
    check("RegexFullMatch", {"pattern": "a|ab"}, {"x": np.array(["ab", "a", "b"], object)}, expect=[np.array([True, True, False])])
    check("RegexFullMatch", {"pattern": "."}, {"x": np.array(["ß", "ss"], object)}, expect=[np.array([True, False])])
    check("RegexFullMatch", {"pattern": "x"}, {"x": x[:0]}, expect=[np.zeros((0, 3), bool)])
    refused("RegexFullMatch", {"pattern": "a(b"}, {"x": x}, "attribute pattern")
    refused("RegexFullMatch", {}, {"x": x}, "attribute pattern is missing")


def test_regex_is_that_of_re2():
    """What PCRE2, which does the matching, spells otherwise or means otherwise."""
    cases = [
        (r"a\sb", "a b|a\tb|a\vb", "110"), (r"[\s]", " |\v", "10"), (r"\S", "a| |\v", "101"), (r"[\S]", "\v| ", "10"),
        (r"\v", "\v|\n", "10"), ("a$", "a|a\n", "10"), ("(?m)a$\n", "a\n|a", "10"), (r"a\z", "a|a\n", "10"), (r"(?:a|b)\Ab*", "b|a", "00"),
        (".", "a|\n|\r|ß", "1011"), ("(?s).", "\n", "1"), ("(?i)äB", "ÄB|äb|ab", "110"), ("(?i:a)B", "AB|Ab", "10"), ("(?i)a(?-i)b", "Ab|AB", "10"),
        ("(?U)a+", "aaa", "1"), ("(?P<name>a)(?<other>b)", "ab", "1"), (r"\pN+", "12|٣|a", "110"), (r"\p{Greek}", "α|a", "10"),
        (r"\p{^Greek}", "α|a", "01"), (r"\P{Lu}", "A|a", "01"), (r"[\pL_]+", "aß_|1", "10"), (r"\w+\d", "ab1|ß1", "10"), (r"\bfoo\b", "foo", "1"),
        (r"\Qa.b\E+", "a.bb|axb", "10"), (r"\Qa.b", "a.b", "1"), (r"\x41\x{3b1}\101\0", "AαA\0", "1"), ("a{,2}", "a{,2}|aa", "10"),
        ("a{2,3}?", "aa|a", "10"), ("{", "{", "1"), ("[]a]+", "]a", "1"), ("[^]a]", "]|b", "01"), ("[a[]", "[", "1"), ("[[:alpha:]]", "a|1", "10"),
        ("[:b]+", ":b", "1"), ("^*a", "a", "1"), ("a||b", "|a|b", "111"), ("x(?i)", "x|X", "10"), ("a#b c", "a#b c", "1"),
    ]
    for pattern, texts, wanted in cases:
        texts = texts.split("|")
        check("RegexFullMatch", {"pattern": pattern}, {"x": np.array(texts, object)}, expect=[np.array([c == "1" for c in wanted])])


def test_regex_refused():
    x = np.array(["aa"], object)
    kind = "lookaround, atomic, conditional"
    words = {"a(?=b)": kind, "(?<!a)b": kind, "(?<=a)b": kind, "(?>a)": kind, "(?(1)a)": kind, "(?R)": kind, "(?P=n)": kind, "(?#a)": kind, "(?x)a": kind,
             r"(a)\1": "backreferences", r"\8": "backreferences", r"\k<n>": "an unknown escape", r"a\Z": "an unknown escape", r"\R": "an unknown escape",
             r"[\b]": "unknown in a class", r"\C": "a single byte", "a*+": "a repetition of a repetition", "a{2}{3}": "a repetition of a repetition",
             "(*UTF)a": "nothing before *", "*a": "attribute pattern", "a{1001}": "more than 1000", "a{2,1}": "attribute pattern", "a)(b": "a ) without its (",
             "(a": "a ( without its )", "[a": "a [ without its ]", "[[:alpha:": "[: is not closed", r"\x4": "hexadecimal", r"\x{}": "hexadecimal",
             r"\p": "category or script", r"\p{": "category or script", r"\p{Nobody}": "attribute pattern", "(?P<>a)": "name", "(?P<a": "name", "a\\": "escape"}
    for pattern, text in words.items():
        refused("RegexFullMatch", {"pattern": pattern}, {"x": x}, text)


def test_regex_never_hangs():
    x = np.array(["a" * 5000 + "b", "a" * 5000], object)
    for pattern in "(a|aa)+", "(a*)*", "(a+)+", "(.*a){20}":
        check("RegexFullMatch", {"pattern": pattern}, {"x": x}, expect=[np.array([False, True])])
    refused("RegexFullMatch", {"pattern": "(.{1,999}x?){20,30}(.{1,999}y?){20,30}z"}, {"x": x}, "cannot be matched")
    refused("RegexFullMatch", {"pattern": "((a{1000}){1000}){1000}"}, {"x": x}, "attribute pattern")
    refused("RegexFullMatch", {"pattern": "(" * 1000 + ")" * 1000}, {"x": x}, "attribute pattern")


def test_tf_idf():
    x = np.array([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]], np.int32)
    pool = {"ngram_counts": [0, 4], "ngram_indexes": [0, 1, 2, 3, 4, 5, 6], "pool_int64s": [2, 3, 5, 4, 5, 6, 7, 8, 6, 7]}
    for mode in "TF", "IDF", "TFIDF":
        for least, most, skips in (1, 1, 0), (2, 2, 0), (1, 2, 5), (2, 2, 3):
            for weights in {}, {"weights": [0.5, 2.0, 1.5, -1.0, 3.0, 0.25, 4.0]}:
                if mode != "TF" and not weights:
                    continue
                attributes = {"mode": mode, "min_gram_length": least, "max_gram_length": most, "max_skip_count": skips}
                check("TfIdfVectorizer", {**attributes, **pool, **weights}, {"x": x})
                check("TfIdfVectorizer", {**attributes, **pool, **weights}, {"x": x[1].astype(np.int64)})
    endless = {"mode": "TF", "min_gram_length": 2, "max_gram_length": 2, "max_skip_count": 2**63 - 1, **pool}
    check("TfIdfVectorizer", endless, {"x": x[1]}, expect=[np.array([0, 0, 0, 0, 1, 1, 1], np.float32)])
    words = np.array(["a", "b", "c", "b", "c"], object)
    check("TfIdfVectorizer", {"mode": "TF", "min_gram_length": 1, "max_gram_length": 2, "max_skip_count": 1, "ngram_counts": [0, 2],
                              "ngram_indexes": [3, 0, 1], "pool_strings": ["a", "c", "b", "c"]}, {"x": words},
          expect=[np.array([2, 3 - 1, 0, 1], np.float32)])
    attributes = {"mode": "TF", "min_gram_length": 1, "max_gram_length": 2, "max_skip_count": 0}
    refused("TfIdfVectorizer", {**attributes, **pool, "ngram_indexes": [0, -1]}, {"x": x}, "ngram_indexes[1] is -1")
    refused("TfIdfVectorizer", {**attributes, **pool, "ngram_counts": [0]}, {"x": x}, "ngram_counts has 1")
    refused("TfIdfVectorizer", {**attributes, **pool}, {"x": x.astype(np.float32)}, "float32")


def test_cast():
    numbers = np.array([0, -1, 2.5, 1e-9, 123456.78, np.inf, -np.inf, np.nan], np.float32)
    texts = np.array(["0", "-1", "2.5", "1e-09", "123456.78", "INF", "-INF", "NaN"], object)
    check("Cast", {"to": 8}, {"x": numbers}, expect=[texts])
    check("Cast", {"to": 8}, {"x": np.array([0.1, 1 / 3], np.float64)}, expect=[np.array(["0.1", "0.3333333333333333"], object)])
    check("Cast", {"to": 8}, {"x": np.array([-5, 7], np.int16)}, expect=[np.array(["-5", "7"], object)])
    check("Cast", {"to": 8}, {"x": np.array([2 ** 64 - 1], np.uint64)}, expect=[np.array(["18446744073709551615"], object)])
    check("Cast", {"to": 1}, {"x": texts}, expect=[numbers])
    check("Cast", {"to": 7}, {"x": np.array(["12", "-3", "+4"], object)}, expect=[np.array([12, -3, 4], np.int64)])
    for bad in "", "1.5x", "12 ", "x":
        refused("Cast", {"to": 1}, {"x": np.array(["1", bad], object)}, "element 1")
    refused("Cast", {"to": 7}, {"x": np.array(["99999999999999999999"], object)}, "element 0")


def test_movement():
    check("Transpose", {"perm": [1, 0]}, {"x": WORDS}, expect=[WORDS.T])
    check("Gather", {"axis": 1}, {"x": WORDS, "i": np.array([2, 0])}, expect=[WORDS[:, [2, 0]]])
    check("Concat", {"axis": 0}, {"a": WORDS, "b": WORDS[:1]}, expect=[np.concatenate([WORDS, WORDS[:1]])])
    check("Pad", {}, {"x": WORDS, "p": np.array([0, 1, 1, 0])}, expect=[np.pad(WORDS, ((0, 1), (1, 0)), constant_values="")])
    check("Where", {}, {"c": np.array([[True], [False]]), "a": WORDS, "b": WORDS[::-1]},
          expect=[np.where([[True], [False]], WORDS, WORDS[::-1])])
    check("Equal", {}, {"a": WORDS, "b": WORDS[:1]}, expect=[WORDS == WORDS[:1]])
    check("NonZero", {}, {"x": WORDS}, expect=[np.array(np.nonzero(WORDS))])
