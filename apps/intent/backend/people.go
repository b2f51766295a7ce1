package backend

import (
	"slices"
	"strings"
)

// somebody is one of the people who are there already.
type somebody struct {
	id, name string
	looksFor []string
	says     string // what they have to do with it
}

func (p somebody) user() map[string]any {
	return map[string]any{"id": p.id, "name": p.name, "email": nil, "avatar": nil, "intro": nil}
}

var people = []somebody{
	{"user-ines", "Ines Ortega", []string{"Looking for a cofounder who knows privacy and cryptography", "Wants to meet investors in infrastructure"}, "builds tools for private data and looks for a technical cofounder."},
	{"user-tomas", "Tomas Brandt", []string{"Wants to play chess in the park on Sundays", "Looking for a flat in Berlin"}, "plays chess every Sunday and would like company."},
	{"user-mei", "Mei Tanaka", []string{"Looking for early users of an agent for research", "Wants to hire a Go engineer"}, "hires engineers who write Go, for a research agent."},
	{"user-sam", "Sam Okafor", []string{"Looking for investors in climate hardware", "Wants to learn about cryptography"}, "raises money for climate hardware and reads about cryptography."},
	{"user-lena", "Lena Fischer", []string{"Wants to join a startup as an engineer", "Looking for a chess coach"}, "is an engineer who wants to join something small."},
}

// sentences are what stands between full stops and line ends, without headings.
func sentences(text string) []string {
	var all []string
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".!?\n", r) }) {
		if s = strings.TrimSpace(s); s != "" && !strings.HasPrefix(s, "===") {
			all = append(all, s)
		}
	}
	return all
}

// wishes tells whether a sentence looks for something.
func wishes(sentence string) bool {
	said := " " + strings.ToLower(sentence) + " "
	return slices.ContainsFunc([]string{" look", " want", " need", " seek", " search", " hope", " would like", " hire", " find ", " meet "},
		func(word string) bool { return strings.Contains(said, word) })
}

// summary is the first words.
func summary(sentence string) string {
	words := strings.Fields(sentence)
	if len(words) > 12 {
		return strings.Join(words[:12], " ") + "…"
	}
	return strings.Join(words, " ")
}

// alike tells whether two texts have a word in common that says something.
func alike(a, b string) bool {
	in := map[string]bool{}
	for _, w := range telling(a) {
		in[w] = true
	}
	return slices.ContainsFunc(telling(b), func(w string) bool { return in[w] })
}

var plain = []string{"about", "after", "also", "early", "from", "have", "into", "knows", "learn", "like", "looking", "meet", "need", "people", "some", "someone", "that", "their", "wants", "want", "what", "will", "with", "would"}

func telling(text string) []string {
	var all []string
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if w = strings.TrimSuffix(w, "s"); len(w) > 3 && !slices.Contains(plain, w) && !slices.Contains(plain, w+"s") {
			all = append(all, w)
		}
	}
	return all
}
