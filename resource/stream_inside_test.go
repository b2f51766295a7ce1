package resource

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// What the guard says stands between two events of the server's, however these are cut.
func TestAMessageOfTheGuardsCutsNoEvent(t *testing.T) {
	for name, c := range map[string]struct {
		parts []string // of the server's; the guard speaks after the first
		want  string
	}{
		"before anything was said":        {[]string{"", "data: 1\n\n"}, "<>data: 1\n\n"},
		"between two events":              {[]string{"data: 1\n\n", "data: 2\n\n"}, "data: 1\n\n<>data: 2\n\n"},
		"in a line":                       {[]string{"data: 1", "\n\n"}, "data: 1\n\n<>"},
		"between two lines":               {[]string{"id: 1\n", "data: 1\n\ndata: 2\n\n"}, "id: 1\ndata: 1\n\ndata: 2\n\n<>"},
		"where the empty line is cut":     {[]string{"data: 1\n", "\n", "data: 2\n\n"}, "data: 1\n\n<>data: 2\n\n"},
		"where lines end in two octets":   {[]string{"data: 1\r\n", "\r", "\n", "data: 2\r\n\r\n"}, "data: 1\r\n\r\n<>data: 2\r\n\r\n"},
		"where an event is never ended":   {[]string{"data: 1\n", "data: 2\n"}, "data: 1\ndata: 2\n"},
		"after a comment, which is alive": {[]string{": alive\n\n", ""}, ": alive\n\n<>"},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			w.Header().Set("Content-Type", "text/event-stream")
			s := &stream{to: w, ctx: t.Context(), all: &streams{}}
			for i, part := range c.parts {
				if _, err := s.Write([]byte(part)); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					s.say([]byte("{}"))
				}
			}
			s.end()
			s.say([]byte("{}")) // nobody writes when the request is over
			if got := strings.ReplaceAll(w.Body.String(), "event: message\ndata: {}\n\n", "<>"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
