package pages

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// flat writes segments as text, odd ones in brackets and code in backquotes.
func flat(segments []Segment) string {
	var b strings.Builder
	for _, s := range segments {
		switch {
		case s.Odd:
			b.WriteString("[" + s.Text + "]")
		case s.Code:
			b.WriteString("`" + s.Text + "`")
		default:
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestVisible(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain text is left alone", "Claude Code (tickets)", "Claude Code (tickets)"},
		{"so are other scripts", "票据 Заявки تذاكر", "票据 Заявки تذاكر"},
		{"and accents, composed or not", "Café Cafe\u0301", "Café Cafe\u0301"},
		{"and emoji in their emoji form", "☁\ufe0f Cloud 🎟", "☁\ufe0f Cloud 🎟"},
		{"a bidi override is shown", "moc.\u202eia.edualc", "moc.[U+202E]ia.edualc"},
		{"so is an isolate", "\u2066x\u2069", "[U+2066]x[U+2069]"},
		{"a newline is shown", "Claude\nproved", "Claude[U+000A]proved"},
		{"a zero-width space is shown", "Clau\u200bde", "Clau[U+200B]de"},
		{"a zero-width joiner is shown", "Clau\u200dde", "Clau[U+200D]de"},
		{"a soft hyphen is shown", "Clau\u00adde", "Clau[U+00AD]de"},
		{"a byte order mark is shown", "Claude\ufeff!", "Claude[U+FEFF]!"},
		{"a hard space is shown", "a\u00a0b", "a[U+00A0]b"},
		{"a tag character is shown", "a\U000e0041b", "a[U+E0041]b"},
		{"a selector without a symbol is shown", "a\ufe0f", "a[U+FE0F]"},
		{"a blank letter is shown", "\u3164\u2800", "[U+3164][U+2800]"},
		{"private use is shown", "\ue000", "[U+E000]"},
		{"a line separator is shown", "a\u2028b", "a[U+2028]b"},
		{"a tower of marks is cut down", "a\u0300\u0301\u0302\u0303\u0304", "a\u0300\u0301\u0302[U+0303][U+0304]"},
		{"spaces at the ends go", "  Claude ", "Claude"},
		{"what is not text becomes the sign for it", "a\xff", "a\ufffd"},
		{"nothing is nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := flat(Visible(c.text)); got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}

func TestALongNameIsCutVisibly(t *testing.T) {
	if got := flat(VisibleName(strings.Repeat("ä", NameLimit))); strings.Contains(got, "cut") {
		t.Errorf("a name that fits is cut: %s", got)
	}
	want := strings.Repeat("ä", NameLimit) + "[… cut]"
	if got := flat(VisibleName(strings.Repeat("ä", NameLimit+1))); got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestNothingInvisibleIsEverShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, s := range VisibleName(rapid.String().Draw(t, "name")) {
			for _, r := range s.Text {
				if r != 0xfe0f && invisible(r) {
					t.Fatalf("U+%04X is shown", r)
				}
			}
		}
	})
}

func TestLookAlike(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Claude", ""},
		{"Visual Studio Code", ""},
		{"Café Ñandú", ""},
		{"Заявки Claude", ""},
		{"Работа с файлами", ""},
		{"Εργασία", ""},
		{"ChatGPTで翻訳する", ""},
		{"微信WeChat", ""},
		{"한국어 app", ""},
		{"µTorrent", ""},
		{"Cl\u0430ude", "it mixes Latin and Cyrillic letters in one word"},    // Cyrillic a
		{"My \u0421laude", "it mixes Cyrillic and Latin letters in one word"}, // Cyrillic Es
		{"Chat\u0393PT", "it mixes Latin and Greek letters in one word"},
		{"\u0441\u0443\u0440\u0455\u043e\u0440", "it has Cyrillic letters that look like Latin ones"},
		{"\u0420\u0410\u0423\u0420\u0410L", "it mixes Cyrillic and Latin letters in one word"},
		{"𝐂𝐥𝐚𝐮𝐝𝐞", "it uses ornamental letters that imitate plain ones"},
		{"Ｃｌａｕｄｅ", "it uses ornamental letters that imitate plain ones"},
		{"Ⓒlaude", "it uses ornamental letters that imitate plain ones"},
		{"", ""},
	} {
		if got := LookAlike(c.text); got != c.want {
			t.Errorf("%s: %q, not %q", c.text, got, c.want)
		}
	}
}

func TestHost(t *testing.T) {
	for _, c := range []struct{ name, host, want string }{
		{"ASCII is lower case", "Claude.AI", "claude.ai"},
		{"an accent is encoded", "bücher.example", "xn--bcher-kva.example"},
		{"a look-alike is encoded", "cl\u0430ude.ai", "xn--clude-5ve.ai"},
		{"a port stays", "localhost:33418", "localhost:33418"},
		{"an address stays", "[::1]", "[::1]"},
		{"a scheme stays", "cursor:", "cursor:"},
		{"what is encoded stays so", "xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"a label longer than any is left for others to mark", strings.Repeat("ä", 64), strings.Repeat("ä", 64)},
		{"what is not text too", "a\xff.example", "a\xff.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Host(c.host); got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}

// The samples of RFC 3492 §7.1 that have no upper case.
func TestPunycode(t *testing.T) {
	for _, c := range []struct{ name, label, want string }{
		{"Arabic (Egyptian)", "ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"},
		{"Chinese (simplified)", "他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"},
		{"Chinese (traditional)", "他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb"},
		{"Hebrew", "למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"},
		{"Korean", "세계의모든사람들이한국어를이해한다면얼마나좋을까", "989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879ccm6fea98c"},
		{"Russian", "почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"},
		{"Japanese artist", "3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := punycode(c.label); !ok || got != acePrefix+c.want {
				t.Errorf("%s, not %s", got, acePrefix+c.want)
			}
		})
	}
}

func TestProse(t *testing.T) {
	for text, want := range map[string]string{
		"Enter `https://a.example` there.": "Enter `https://a.example` there.",
		"`a` and `b`":                      "`a` and `b`",
		"one ` is left open":               "one ` is left open`",
		"a `\u202eb` c":                    "a [U+202E]`b` c",
	} {
		if got := flat(prose(text)); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

func TestAURIKeepsItsHost(t *testing.T) {
	long := strings.Repeat("x", 300)
	for text, want := range map[string]string{
		"https://claude.ai/api/mcp/auth_callback": "https://claude.ai/api/mcp/auth_callback",
		"https://BÜCHER.example/ä":                "https://xn--bcher-kva.example/ä",
		"https://a.example?x":                     "https://a.example?x",
		"com.example.app:/cb":                     "com.example.app:/cb",
		"https://" + long + ".example/":           "https://" + long + ".example/",
		"https://a.example/" + long:               "https://a.example/" + long[:uriLimit-1] + "[… cut]",
	} {
		if got := flat(uriSegments(text)); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestTimesInWords(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for before, want := range map[time.Duration]string{
		-time.Hour: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago", 119 * time.Second: "1 minute ago",
		3 * time.Hour: "3 hours ago", 25 * time.Hour: "yesterday", 49 * time.Hour: "2 days ago", 40 * 24 * time.Hour: "on 11 October 2026",
	} {
		if got := ago(now.Add(-before), now); got != want {
			t.Errorf("%v: %q, not %q", before, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "1 second", 40 * time.Second: "40 seconds", time.Minute: "1 minute", time.Hour: "1 hour", 36 * time.Hour: "36 hours", 90 * 24 * time.Hour: "90 days"} {
		if got := forHowLong(d); got != want {
			t.Errorf("%v: %q, not %q", d, got, want)
		}
	}
}

func TestAnyAccentCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := colour{rapid.Float64Range(0, 1).Draw(t, "r"), rapid.Float64Range(0, 1).Draw(t, "g"), rapid.Float64Range(0, 1).Draw(t, "b")}
		css, err := shades(c.String())
		if err != nil {
			t.Fatal(err)
		}
		values := strings.FieldsFunc(css, func(r rune) bool { return strings.ContainsRune(":;{}", r) })
		at := func(name string, n int) colour {
			for i, v := range values {
				if v == name {
					if n--; n < 0 {
						found, err := parseColour(values[i+1])
						if err != nil {
							t.Fatal(err)
						}
						return found
					}
				}
			}
			t.Fatalf("there is no %s in %s", name, css)
			return colour{}
		}
		for what, ratio := range map[string]float64{
			"the text of a button": at("--on-accent", 0).contrast(at("--accent", 0)),
			"a link on light":      at("--link", 0).contrast(lightPaper),
			"a link on dark":       at("--link", 1).contrast(darkCard),
		} {
			if ratio < 4.5 {
				t.Errorf("%s has a contrast of %.2f: %s", what, ratio, css)
			}
		}
	})
}

func TestClientsThatCannotReachALaptopComeLast(t *testing.T) {
	book := []Guide{{Client: "Claude", Hosted: true}, {Client: "Claude Code"}, {Client: "ChatGPT", Hosted: true}, {Client: "Cursor"}}
	for url, want := range map[string]string{
		"http://localhost:8080/mcp":       "Claude Code, Cursor, Claude needs, ChatGPT needs",
		"https://mcp.acme.example/mcp":    "Claude, Claude Code, ChatGPT, Cursor",
		"https://localhost.example/a/mcp": "Claude, Claude Code, ChatGPT, Cursor",
	} {
		var order []string
		first, _ := guidesFor(ResourcePage{URL: url, Guides: book})
		for _, g := range first {
			name := g.Client
			if g.Needs != "" {
				name += " needs"
			}
			order = append(order, name)
		}
		if got := strings.Join(order, ", "); got != want {
			t.Errorf("%s: %s, not %s", url, got, want)
		}
	}
}

func TestWhoIsNotListedFirstIsListedAfterwards(t *testing.T) {
	book := make([]Guide, 21)
	first, more := guidesFor(ResourcePage{URL: "https://mcp.acme.example/mcp", Guides: book})
	if len(first) != firstGuides || len(first)+len(more) != len(book) {
		t.Errorf("%d and %d of %d", len(first), len(more), len(book))
	}
}
