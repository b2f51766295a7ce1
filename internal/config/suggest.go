package config

import (
	"reflect"
	"slices"
	"strings"
)

// suggest says what to do about an unknown key of the map at key: the nearest
// known one beside it, the place where a key of that name belongs, or what
// there is.
func suggest(key, unknown string, known []string) string {
	if near := nearest(unknown, known); near != "" {
		return "did you mean " + near + "?"
	}
	for _, path := range keyPaths(reflect.TypeFor[Config](), "") {
		if path == unknown || strings.HasSuffix(path, "."+unknown) && (key == "" || !strings.Contains(path, "[]")) {
			return "did you mean " + path + "?"
		}
	}
	return "the keys here are " + strings.Join(known, ", ")
}

// nearest returns the one of known that is a slip of the hand away, or "".
func nearest(typed string, known []string) string {
	best, least := "", len(typed)/3+1
	for _, k := range known {
		if d := distance(strings.ToLower(typed), strings.ToLower(k)); d <= least && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters have to be added, dropped or changed. What is
// longer than any key is not compared: it is no slip of the hand.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// choice says which values there are, and whether a wrong one was meant to be
// one of them.
func choice(typed string, known []string) string {
	if near := nearest(typed, known); near != "" && !slices.Contains(known, typed) {
		return "did you mean " + near + "?"
	}
	return "use " + orList(known)
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
