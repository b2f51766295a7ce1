package authserver_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/oauth"
)

// TestScripts plays every file of testdata: the protocol as text that someone
// who knows OAuth, and no Go, can review. testdata/README.md is the language.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			play(t, file)
		})
	}
}

// play runs one script against one server of its own.
func play(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	given := usual()
	var s *scene
	for n, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if what, ok := strings.CutPrefix(line, "given "); ok && s == nil {
			if err := given.add(what); err != nil {
				t.Fatalf("%s:%d: %s\n\t%v", file, n+1, line, err)
			}
			continue
		}
		if s == nil {
			s = newScene(t, given).listen()
		}
		if err := s.perform(line); err != nil {
			t.Fatalf("%s:%d: %s\n\t%v\n\tthe last answer was %s", file, n+1, line, err, s.last)
		}
	}
	if s == nil {
		t.Fatal("the script does nothing")
	}
	s.gaveNothingAway()
}

// perform does a line; "repeat N LINE ; LINE …" does them N times, with $n counting.
func (s *scene) perform(line string) error {
	times, lines := 1, []string{line}
	if rest, ok := strings.CutPrefix(line, "repeat "); ok {
		count, what, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(count)
		if err != nil {
			return err
		}
		times, lines = n, strings.Split(what, " ; ")
	}
	for n := range times {
		s.vars["n"] = strconv.Itoa(n)
		for _, line := range lines {
			if err := s.do(s.expand(line)); err != nil {
				return err
			}
		}
	}
	return nil
}

// do performs one line: a verb and what follows it.
func (s *scene) do(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if check, ok := checks[verb]; ok {
		if s.last == nil {
			return fmt.Errorf("nothing was asked yet")
		}
		return check(s, rest)
	}
	act, ok := acts[verb]
	if !ok {
		return fmt.Errorf("no such verb: %s", verb)
	}
	return act(s, rest)
}

// add reads what follows "given".
func (g *setting) add(what string) error {
	name, value, _ := strings.Cut(what, " ")
	switch name {
	case "issuer":
		g.issuer, g.resources = value, resources(value)
	case "hosts":
		for i, host := range strings.Fields(value) {
			g.resources[i].ID, g.resources[i].TokenFormat = "https://"+host+"/mcp", "jwt"
		}
	case "administration":
		g.administered = true
	case "one-resource":
		g.resources = g.resources[:1]
	case "registration":
		g.registration.Open = value == "open"
		if word, ok := strings.CutPrefix(value, "token "); ok {
			g.registration.Token = oauth.Secret(word).Digest()
		}
	case "documents":
		g.documents = authserver.Trust(value)
	case "upstream":
		g.upstreams = append(g.upstreams, value)
	case "notes-insists":
		g.resources[1].Logins = strings.Fields(value)
	case "aliases":
		g.aliases = strings.Fields(value)
	case "connection", "notes-connection":
		needConnection(&g.resources[strings.Count(name, "notes")], value)
	case "lives":
		return g.lives.read(value)
	case "scopes":
		g.resources[0].Scopes = named(strings.Fields(value))
	case "signing":
		for i := range g.resources {
			g.resources[i].Algorithm = value
		}
	case "opaque":
		g.resources[0].TokenFormat = "opaque"
	case "guarded":
		g.guarded = true
	case "no-passwords":
		g.noPasswords = true
	case "checks-issuer":
		g.checksIssuer = value
	case "built-in":
		path, text, _ := strings.Cut(value, " ")
		g.builtIn = map[string]string{path: text}
	case "clients-at-most":
		n, err := strconv.ParseInt(value, 10, 64)
		g.registration.MaxClients = n
		return err
	case "client":
		c, _, err := readClient(strings.Fields(value))
		g.preregistered = append(g.preregistered, c)
		return err
	default:
		return fmt.Errorf("nothing called %s can be given", name)
	}
	return nil
}

var variable = regexp.MustCompile(`\$[a-zA-Z0-9_.]*[a-zA-Z0-9_]`)

// expand puts variables in. $v.NAME is a code verifier called NAME, $s256.NAME
// its challenge.
func (s *scene) expand(line string) string {
	return variable.ReplaceAllStringFunc(line, func(v string) string {
		name := v[1:]
		if word, ok := strings.CutPrefix(name, "v."); ok {
			s.secrets[verifier(word)] = true
			return verifier(word)
		}
		if word, ok := strings.CutPrefix(name, "s256."); ok {
			sum := sha256.Sum256([]byte(verifier(word)))
			return base64.RawURLEncoding.EncodeToString(sum[:])
		}
		value, ok := s.vars[name]
		if !ok {
			s.t.Fatalf("there is no variable %s", v)
		}
		return value
	})
}

func verifier(word string) string {
	sum := sha256.Sum256([]byte("verifier " + word))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// pairs reads "a=b c=d". %XX stands for a byte, so that values may hold spaces.
func pairs(words string) (url.Values, error) {
	form := url.Values{}
	for word := range strings.FieldsSeq(words) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not name=value", word)
		}
		plain, err := url.PathUnescape(value)
		if err != nil {
			return nil, err
		}
		form.Add(name, plain)
	}
	return form, nil
}
