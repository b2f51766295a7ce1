package clientbook

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// odd is a URL that does harm where it is not encoded.
const odd = "https://a.example/x'$(id)&y\"/mcp"

func TestWhatPeoplePasteIsWhole(t *testing.T) {
	for _, c := range Clients() {
		a := c.Guide(Server{Name: `Tickets; rm -rf "/"`, URL: odd})
		for _, step := range a.Steps {
			if strings.Contains(step.Text, "rm -rf") || strings.Contains(step.Copy, "; rm") {
				t.Errorf("%s: the name does harm: %s", c.ID, step)
			}
			switch {
			case strings.HasPrefix(step.Copy, "{"):
				checkJSON(t, c.ID, step.Copy)
			case strings.Contains(step.Copy, "CREATE"):
				if !strings.Contains(step.Copy, `x''$(id)&y"/mcp'`) {
					t.Errorf("%s: %s", c.ID, step.Copy)
				}
			case strings.Contains(step.Copy, "$(id)") && step.Copy != odd && !strings.HasPrefix(step.Copy, "["):
				if !strings.Contains(step.Copy, `'https://a.example/x'\''$(id)&y"/mcp'`) {
					t.Errorf("%s: %s", c.ID, step.Copy)
				}
			}
		}
	}
}

// checkJSON finds the URL in it, wherever the client wants it.
func checkJSON(t *testing.T, id, text string) {
	t.Helper()
	var v map[string]map[string]map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Errorf("%s: %v: %s", id, err, text)
		return
	}
	for _, servers := range v {
		for name, s := range servers {
			args, _ := s["args"].([]any)
			found := name == "tickets-rm--rf" && (s["url"] == odd || s["serverUrl"] == odd || len(args) == 3 && args[2] == odd)
			if !found {
				t.Errorf("%s: %s", id, text)
			}
		}
	}
}

func TestLinksHoldTheURLAndNothingElse(t *testing.T) {
	var with []string
	for _, c := range Clients() {
		link := c.Guide(Server{Name: "tickets", URL: odd}).Link
		if link == "" {
			continue
		}
		with = append(with, c.ID)
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if got := urlIn(t, u); got != odd {
			t.Errorf("%s: %s leads to %q", c.ID, link, got)
		}
	}
	if want := "claude vscode cursor goose lm-studio"; strings.Join(with, " ") != want {
		t.Errorf("%s have a link, not %s", with, want)
	}
}

func urlIn(t *testing.T, u *url.URL) string {
	t.Helper()
	q := u.Query()
	for _, name := range []string{"url", "connectorUrl"} {
		if q.Get(name) != "" {
			return q.Get(name)
		}
	}
	text, err := base64.StdEncoding.DecodeString(q.Get("config"))
	if q.Get("config") == "" {
		var s string
		s, err = url.QueryUnescape(u.RawQuery)
		text = []byte(s)
	}
	var v struct{ URL string }
	if err != nil || json.Unmarshal(text, &v) != nil {
		t.Errorf("%s: %v", u, err)
	}
	return v.URL
}

func TestANameThatIsNoneBecomesOne(t *testing.T) {
	for name, want := range map[string]string{"": "server", "Über": "ber", "!!!": "server", "Acme Tickets": "acme-tickets"} {
		if got := PlainName(name); got != want {
			t.Errorf("%q becomes %q, not %q", name, got, want)
		}
	}
}
