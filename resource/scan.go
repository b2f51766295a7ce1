package resource

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A scanner walks over JSON that [json.Valid] has approved, so that it need not
// look for syntax errors. It looks for what two parsers could read in two ways.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

// value steps over one value of any kind and returns its bytes.
func (s *scanner) value() ([]byte, error) {
	s.space()
	start, depth := s.i, 0
	for {
		switch s.b[s.i] {
		case '"':
			s.skipString()
		case '{', '[':
			if depth++; depth > maxDepth {
				return nil, badRequest("the body is nested too deeply")
			}
			s.i++
		case '}', ']':
			depth--
			s.i++
		case ' ', '\t', '\r', '\n', ',', ':':
			s.i++
		default:
			s.skipLiteral()
		}
		if depth == 0 {
			return s.b[start:s.i], nil
		}
	}
}

// skipLiteral steps over a number, true, false or null.
func (s *scanner) skipLiteral() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ',', ':', '}', ']', ' ', '\t', '\r', '\n':
			return
		}
		s.i++
	}
}

func (s *scanner) skipString() {
	for s.i++; ; s.i++ {
		switch s.b[s.i] {
		case '\\':
			s.i++
		case '"':
			s.i++
			return
		}
	}
}

// text reads a string that policy goes by.
func (s *scanner) text() (string, error) {
	text, isString, err := s.textIfString()
	if err == nil && !isString {
		err = badRequest("a member that must be a string is not one")
	}
	return text, err
}

// textIfString reads a string, or steps over what is none. Control characters
// and lone surrogates are refused: a parser that cuts a string at a NUL, or
// replaces what it cannot represent, would read another name than we do.
func (s *scanner) textIfString() (string, bool, error) {
	raw, err := s.value()
	if err != nil || raw[0] != '"' {
		return "", false, err
	}
	text, err := unquote(raw)
	return text, true, err
}

// scalar reads the raw bytes of an id: a string, a number or null.
func (s *scanner) scalar() ([]byte, error) {
	raw, err := s.value()
	if err == nil && (raw[0] == '{' || raw[0] == '[') {
		err = badRequest("id is not a string or a number")
	}
	return raw, err
}

func unquote(raw []byte) (string, error) {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner), plain(inner)
	}
	if loneSurrogate(inner) {
		return "", badRequest("a name holds half of a surrogate pair")
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", badRequest("a name is not a string")
	}
	return text, plain([]byte(text))
}

func plain(text []byte) error {
	for _, b := range text {
		if b < 0x20 || b == 0x7f {
			return badRequest("a name holds a control character")
		}
	}
	return nil
}

// loneSurrogate reports whether a \u escape names half of a pair alone.
func loneSurrogate(inner []byte) bool {
	for i := 0; i < len(inner); i++ {
		if inner[i] != '\\' {
			continue
		}
		i++
		if inner[i] != 'u' {
			continue
		}
		switch {
		case isEscape(inner[i-1:], 'c', 'f'):
			return true
		case isEscape(inner[i-1:], '8', 'b'):
			if !isEscape(inner[i+5:], 'c', 'f') {
				return true
			}
			i += 6
		}
		i += 4
	}
	return false
}

// isEscape reports whether b begins with \udX, X between from and to.
func isEscape(b []byte, from, to byte) bool {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' || b[2]|0x20 != 'd' {
		return false
	}
	x := b[3]
	if x >= 'A' {
		x |= 0x20
	}
	return from <= x && x <= to
}

// object steps through an object, calls known with the index of each known key
// with the scanner before that key's value, and returns which keys were there,
// a bit each.
func (s *scanner) object(keys []string, known func(key int) error) (seen int, err error) {
	s.space()
	if s.b[s.i] != '{' {
		return 0, badRequest("a message is not an object")
	}
	s.i++
	for {
		s.space()
		switch s.b[s.i] {
		case '}':
			s.i++
			return seen, nil
		case ',':
			s.i++
			continue
		}
		key, err := s.key(keys)
		if err != nil {
			return seen, err
		}
		if key < 0 {
			_, err = s.value()
		} else if seen&(1<<key) != 0 {
			err = badRequest("a member is there twice")
		} else {
			seen |= 1 << key
			err = known(key)
		}
		if err != nil {
			return seen, err
		}
	}
}

// key reads a key and the colon after it, and returns its index in keys or -1.
func (s *scanner) key(keys []string) (int, error) {
	start := s.i
	s.skipString()
	raw := s.b[start:s.i]
	s.space()
	s.i++ // the colon
	name := raw[1 : len(raw)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		text, err := unquote(raw)
		if err != nil {
			return -1, err
		}
		name = []byte(text)
	}
	for i, known := range keys {
		switch {
		case string(name) == known:
			return i, nil
		case len(name) >= len(known) && strings.EqualFold(string(name), known):
			// encoding/json and others would take it for the known key.
			return -1, badRequest("a member differs from a known one only in the case of its letters")
		}
	}
	return -1, nil
}

// array calls each with the scanner before every element.
func (s *scanner) array(each func() error) error {
	s.i++
	for {
		s.space()
		switch s.b[s.i] {
		case ']':
			return nil
		case ',':
			s.i++
		default:
			if err := each(); err != nil {
				return err
			}
		}
	}
}
