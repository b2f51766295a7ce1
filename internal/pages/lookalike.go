package pages

import (
	"slices"
	"strings"
	"unicode"
)

// LookAlike says, in words that end a sentence, why a name may not be what it
// looks like; the empty string when nothing about it is suspicious.
//
// A mixture of scripts is judged word by word, because many people write two
// scripts in one name but hardly anyone in one word; the measure is the "highly
// restrictive" level of UTS 39 §5.2. A name without a mixture is suspicious when
// all it has of another script are letters that pass for Latin ones.
func LookAlike(name string) string {
	if strings.ContainsFunc(name, ornamental) {
		return "it uses ornamental letters that imitate plain ones"
	}
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M) }) {
		if met := scriptsOf(word); len(met) > 1 && !oneSystem(met) {
			return "it mixes " + met[0] + " and " + met[1] + " letters in one word"
		}
	}
	for _, script := range scriptsOf(name) {
		if twinsOnly(name, script) {
			return "it has " + script + " letters that look like Latin ones"
		}
	}
	return ""
}

// scripts are those that are told apart; letters of all others count as one.
var scripts = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Latin", unicode.Latin}, {"Cyrillic", unicode.Cyrillic}, {"Greek", unicode.Greek},
	{"Armenian", unicode.Armenian}, {"Cherokee", unicode.Cherokee}, {"Han", unicode.Han},
	{"Hiragana", unicode.Hiragana}, {"Katakana", unicode.Katakana},
	{"Hangul", unicode.Hangul}, {"Bopomofo", unicode.Bopomofo},
}

// together are the scripts that may meet in one word.
var together = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// scriptsOf names the scripts of text in the order in which they appear. What
// every script shares, digits and marks for example, belongs to none.
func scriptsOf(text string) []string {
	var met []string
	for _, r := range text {
		if name := scriptOf(r); name != "" && !slices.Contains(met, name) {
			met = append(met, name)
		}
	}
	return met
}

func scriptOf(r rune) string {
	if !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
		return ""
	}
	for _, s := range scripts {
		if unicode.Is(s.table, r) {
			return s.name
		}
	}
	return "other"
}

func oneSystem(met []string) bool {
	return slices.ContainsFunc(together, func(system []string) bool {
		return !slices.ContainsFunc(met, func(name string) bool { return !slices.Contains(system, name) })
	})
}

// latinTwins are the letters of each script that most fonts draw like a Latin
// one. After the intentional confusables of UTS 39 §4.
var latinTwins = map[string]string{
	"Cyrillic": "аеѕіјԛԝорсухһѵԁӏ" + "АВЕЅІЈКМНОРСТУХԚԜҺѴԀӀ",
	"Greek":    "αγικνορυχϲϳ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ",
	"Armenian": "օսհոցք" + "ԼՏՍՕ",
}

// fewTwins is how many twins say nothing yet: "с" is a Russian word.
const fewTwins = 2

// twinsOnly reports whether the letters that a name has of a script are more
// than a few, and all of them pass for Latin ones.
func twinsOnly(name, script string) bool {
	n := 0
	for _, r := range name {
		if scriptOf(r) != script {
			continue
		}
		if !strings.ContainsRune(latinTwins[script], r) {
			return false
		}
		n++
	}
	return n > fewTwins
}

// ornamental reports styled forms of plain letters: the mathematical, circled,
// squared, full-width and small-capital alphabets.
func ornamental(r rune) bool {
	switch {
	case 0x1d400 <= r && r <= 0x1d7ff, 0x1f130 <= r && r <= 0x1f189, 0x24b6 <= r && r <= 0x24e9, 0x1d00 <= r && r <= 0x1d2b:
		return true
	case 0xff21 <= r && r <= 0xff5a, 0x2100 <= r && r <= 0x214f:
		return unicode.IsLetter(r)
	}
	return false
}
