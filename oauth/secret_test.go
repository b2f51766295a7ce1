package oauth

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestASecretIsNeverPrinted writes one in every way there is to write a value
// without meaning to.
func TestASecretIsNeverPrinted(t *testing.T) {
	const secret = Secret("sp_rt_AbCdEfGh")
	type holder struct {
		Name  string
		Token Secret
	}
	held := holder{"a", secret}
	values := []any{
		secret, &held, held, []Secret{secret}, map[string]Secret{"a": secret},
		[1]Secret{secret}, struct{ In holder }{held}, any(secret), errors.Join(fmt.Errorf("x %v", secret)),
	}
	for _, v := range values {
		var texts []string
		for _, verb := range "vsqxXdbtcoOUeEfFgGT!" {
			for _, flag := range []string{"", "+", "#", " ", "-30", "030", ".3"} {
				texts = append(texts, fmt.Sprintf("%"+flag+string(verb), v))
			}
		}
		for _, format := range []string{"", "%", "%[2]v", "%*d", "%v%v"} {
			texts = append(texts, fmt.Sprintf(format, v), fmt.Errorf(format, v).Error())
		}
		texts = append(texts, fmt.Sprint(v), fmt.Sprintln(v))
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).With("with", v).Info("message", "value", v, slog.Group("group", "inner", v))
		}
		asJSON, _ := json.Marshal(v)
		asXML, _ := xml.Marshal(v)
		for _, text := range append(texts, log.String(), string(asJSON), string(asXML)) {
			for _, leak := range []string{"AbC", "416243", "%41", "65 98 67"} {
				if strings.Contains(strings.ToLower(text), strings.ToLower(leak)) {
					t.Errorf("%T was printed as %s", v, text)
				}
			}
		}
	}
}

func TestASecretIsRead(t *testing.T) {
	var held struct{ Token Secret }
	if err := json.Unmarshal([]byte(`{"Token":"sp_rt_AbCdEfGh"}`), &held); err != nil || string(held.Token) != "sp_rt_AbCdEfGh" {
		t.Errorf("%q, %v", string(held.Token), err)
	}
}

func TestNewSecret(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s, id := string(NewSecret(RefreshPrefix)), NewID("g_")
		if !strings.HasPrefix(s, "sp_rt_") || len(s) != len("sp_rt_")+43 || !strings.HasPrefix(id, "g_") || len(id) != len("g_")+22 {
			t.Fatalf("%q, %q", s, id)
		}
		if seen[s] || seen[id] {
			t.Fatalf("%q or %q came twice", s, id)
		}
		seen[s], seen[id] = true, true
	}
}

func TestDigest(t *testing.T) {
	a, b := Secret("a").Digest(), Secret("b").Digest()
	random, another := NewDigest(), NewDigest()
	switch {
	case !a.Equal(a), a.Equal(b), a.Equal(Digest{}):
		t.Error("Equal is wrong")
	case a.IsZero(), !(Digest{}).IsZero():
		t.Error("IsZero is wrong")
	case random == another:
		t.Error("a random digest came twice")
	case a.String() != "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb":
		t.Errorf("the digest of a is %s", a)
	}
	last := a
	last[31] ^= 1
	if a.Equal(last) {
		t.Error("the last bit is not compared")
	}
}

func TestParseDigest(t *testing.T) {
	good := Secret("a").Digest().String()
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"what String wrote", good, true},
		{"nothing is the zero digest", "", true},
		{"a digit less", good[:63], false},
		{"two digits less", good[:62], false},
		{"two digits more", good + "00", false},
		{"no digits", strings.Repeat("z", 64), false},
		{"capitals, which String never writes", strings.ToUpper(good), false},
		{"a space in front", " " + good, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := ParseDigest(c.text)
			if (err == nil) != c.ok {
				t.Errorf("got %s, %v", d, err)
			}
			if c.ok && c.text != "" && d.String() != c.text || !c.ok && !d.IsZero() {
				t.Errorf("got %s", d)
			}
		})
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDigest(text)
		if err == nil && text != "" && d.String() != text {
			t.Errorf("%q was read as %q", text, d)
		}
	})
}
