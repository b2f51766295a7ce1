package authserver_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// acts are the verbs that do something.
var acts = map[string]func(s *scene, rest string) error{
	"GET":     func(s *scene, rest string) error { return s.ask("GET", rest) },
	"POST":    func(s *scene, rest string) error { return s.ask("POST", rest) },
	"PUT":     func(s *scene, rest string) error { return s.ask("PUT", rest) },
	"DELETE":  func(s *scene, rest string) error { return s.ask("DELETE", rest) },
	"OPTIONS": func(s *scene, rest string) error { return s.ask("OPTIONS", rest) },
	"at-once": (*scene).askAtOnce,
	"browser": func(s *scene, name string) error { s.current = name; return nil },
	"header": func(s *scene, rest string) error {
		name, value, _ := strings.Cut(rest, " ")
		s.headers.Add(name, value)
		return nil
	},
	"basic": (*scene).basic,
	"body":  func(s *scene, rest string) error { s.body = rest; return nil },
	"wait": func(s *scene, rest string) error {
		d, err := time.ParseDuration(rest)
		s.clock.advance(d)
		return err
	},
	"set": func(s *scene, rest string) error {
		name, value, _ := strings.Cut(rest, " ")
		s.vars[name] = value
		return nil
	},
	"save":    (*scene).save,
	"person":  (*scene).addPerson,
	"client":  (*scene).addClient,
	"sign-in": (*scene).signIn,
	"allow":   func(s *scene, rest string) error { return s.decide("allow", rest) },
	"deny":    func(s *scene, rest string) error { return s.decide("deny", rest) },
	"code":    (*scene).code,
	"tokens":  (*scene).tokens,
	"disable": func(s *scene, name string) error { return s.setDisabled(name, true) },
	"enable":  func(s *scene, name string) error { return s.setDisabled(name, false) },
	"forget-client": func(s *scene, name string) error {
		// The server may believe in a client for a second longer.
		s.clock.advance(2 * time.Second)
		return s.store.RemoveClient(s.t.Context(), s.vars[name])
	},
}

func (s *scene) basic(rest string) error {
	id, secret, _ := strings.Cut(rest, " ")
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	s.headers.Set("Authorization", r.Header.Get("Authorization"))
	return nil
}

// save keeps a value of the last answer: "save NAME json KEY", "save NAME
// location PARAMETER" or "save NAME form FIELD".
func (s *scene) save(rest string) error {
	words := strings.Fields(rest)
	if len(words) != 3 {
		return errors.New("save NAME json|location|form KEY")
	}
	value, err := s.find(words[1], words[2])
	s.vars[words[0]] = value
	return err
}

func (s *scene) find(where, key string) (string, error) {
	switch where {
	case "json":
		return s.member(key)
	case "location":
		u, err := url.Parse(s.last.header.Get("Location"))
		if err != nil || !u.Query().Has(key) {
			return "", fmt.Errorf("the location has no %s", key)
		}
		return u.Query().Get(key), nil
	case "form":
		return field(s.last.body, key)
	}
	return "", fmt.Errorf("no such place: %s", where)
}

var inputs = regexp.MustCompile(`<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"`)

func field(page, name string) (string, error) {
	for _, m := range inputs.FindAllStringSubmatch(page, -1) {
		if m[1] == name {
			return html.UnescapeString(m[2]), nil
		}
	}
	return "", fmt.Errorf("the page has no field %s", name)
}

func (s *scene) member(key string) (string, error) {
	var members map[string]any
	if err := json.Unmarshal([]byte(s.last.body), &members); err != nil {
		return "", fmt.Errorf("the body is not a JSON object: %w", err)
	}
	value, ok := members[key]
	if !ok {
		return "", fmt.Errorf("the object has no %s", key)
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	text, err := json.Marshal(value)
	return string(text), err
}

const testPassword = "correct horse battery"

func (s *scene) addPerson(name string) error {
	p, err := login.NewLocal(login.LocalOptions{People: s.store, Now: s.clock.Now}).Create(s.t.Context(),
		login.New{Username: name, Password: testPassword})
	s.vars[name] = p.ID
	return err
}

func (s *scene) setDisabled(name string, disabled bool) error {
	return s.store.SetDisabled(s.t.Context(), s.vars[name], disabled)
}

// addClient makes a client known: "client NAME REDIRECT_URI… [secret]". Its id
// is $NAME; its secret, where it has one, $NAME.secret.
func (s *scene) addClient(rest string) error {
	words := strings.Fields(rest)
	c := oauth.Client{ID: words[0], Source: oauth.FromSettings, Created: s.clock.Now(), LastUsed: s.clock.Now(),
		Metadata: oauth.ClientMetadata{ClientName: words[0], TokenEndpointAuthMethod: oauth.AuthNone,
			GrantTypes: []string{oauth.GrantTypeCode, oauth.GrantTypeRefresh}, ResponseTypes: []string{"code"}}}
	for _, word := range words[1:] {
		switch {
		case word == "secret":
			secret := oauth.NewSecret(oauth.ClientSecret)
			c.SecretDigest, c.Metadata.TokenEndpointAuthMethod = secret.Digest(), oauth.AuthBasic
			s.vars[words[0]+".secret"] = string(secret)
		default:
			c.Metadata.RedirectURIs = append(c.Metadata.RedirectURIs, word)
		}
	}
	s.vars[words[0]] = c.ID
	_, err := s.store.Register(s.t.Context(), c)
	return err
}

// signIn fills the sign-in form, of the page the browser is on if it is one.
func (s *scene) signIn(name string) error {
	if s.last == nil || !strings.Contains(s.last.body, `name="password"`) {
		path := "/login"
		if s.last != nil && strings.HasPrefix(s.last.header.Get("Location"), "/login") {
			path = s.last.header.Get("Location")
		}
		if err := s.ask("GET", path); err != nil {
			return err
		}
	}
	csrf, err := field(s.last.body, "csrf")
	if err != nil {
		return err
	}
	ix, _ := field(s.last.body, "ix") // none on the account's own page
	s.body = url.Values{"csrf": {csrf}, "ix": {ix}, "username": {name}, "password": {testPassword}}.Encode()
	return s.ask("POST", "/login")
}

// decide presses a button on the consent page that the browser is sent to.
// What follows the verb is a list of optional scopes to tick.
func (s *scene) decide(decision, ticked string) error {
	if location := s.last.header.Get("Location"); strings.HasPrefix(location, "/consent") {
		if err := s.ask("GET", location); err != nil {
			return err
		}
	}
	csrf, err := field(s.last.body, "csrf")
	if err != nil {
		return err
	}
	ix, err := field(s.last.body, "ix")
	if err != nil {
		return err
	}
	s.body = url.Values{"csrf": {csrf}, "ix": {ix}, "decision": {decision}, "scope": strings.Fields(ticked)}.Encode()
	return s.ask("POST", "/consent")
}

// code goes from the authorization request to the code: "code NAME client=ID
// verifier=WORD [by=PERSON] [parameters of the request]".
func (s *scene) code(rest string) error {
	name, words, _ := strings.Cut(rest, " ")
	form, err := pairs(words)
	if err != nil {
		return err
	}
	by, word := form.Get("by"), form.Get("verifier")
	if by == "" {
		by = "ada"
	}
	c, err := s.store.Client(s.t.Context(), form.Get("client"))
	if err != nil {
		return err
	}
	form.Set("client_id", c.ID)
	form.Set("response_type", "code")
	form.Set("code_challenge", s.expand("$s256."+word))
	form.Set("code_challenge_method", "S256")
	if !form.Has("redirect_uri") {
		form.Set("redirect_uri", c.Metadata.RedirectURIs[0])
	}
	for _, mine := range []string{"by", "verifier", "client"} {
		form.Del(mine)
	}
	if err := s.ask("GET", "/oauth/authorize?"+form.Encode()); err != nil {
		return err
	}
	if strings.HasPrefix(s.last.header.Get("Location"), "/login") {
		if err := s.signIn(by); err != nil {
			return err
		}
	}
	if strings.HasPrefix(s.last.header.Get("Location"), "/consent") {
		if err := s.decide("allow", form.Get("scope")); err != nil {
			return err
		}
	}
	s.vars[name], err = s.find("location", "code")
	return err
}

// tokens goes on to the tokens: $NAME.access and $NAME.refresh.
func (s *scene) tokens(rest string) error {
	name, words, _ := strings.Cut(rest, " ")
	if err := s.code("tokens.code " + words + " verifier=" + name); err != nil {
		return err
	}
	form, err := pairs(words)
	if err != nil {
		return err
	}
	id := form.Get("client")
	if secret, ok := s.vars[id+".secret"]; ok {
		if err := s.basic(id + " " + secret); err != nil {
			return err
		}
	}
	err = s.ask("POST", "/oauth/token grant_type=authorization_code client_id="+id+
		" code="+s.vars["tokens.code"]+" code_verifier="+verifier(name))
	if err != nil {
		return err
	}
	if s.vars[name+".access"], err = s.member("access_token"); err != nil {
		return err
	}
	s.vars[name+".refresh"], err = s.member("refresh_token")
	return err
}

// checks are the verbs that look at the last answer.
var checks = map[string]func(s *scene, rest string) error{
	"status": func(s *scene, want string) error { return same(strconv.Itoa(s.last.status), want) },
	"json": func(s *scene, rest string) error {
		key, want, _ := strings.Cut(rest, " ")
		got, err := s.member(key)
		if err != nil {
			return err
		}
		return same(got, strings.TrimSpace(want))
	},
	"no-json": func(s *scene, key string) error {
		if got, err := s.member(key); err == nil {
			return fmt.Errorf("there is a %s: %s", key, got)
		}
		return nil
	},
	"has": func(s *scene, rest string) error {
		name, want, _ := strings.Cut(rest, " ")
		return contains(strings.Join(s.last.header.Values(name), ", "), want)
	},
	"has-no": func(s *scene, name string) error {
		if values := s.last.header.Values(name); len(values) > 0 {
			return fmt.Errorf("there is a header %s: %q", name, values)
		}
		return nil
	},
	"location": func(s *scene, rest string) error {
		key, want, given := strings.Cut(rest, " ")
		if !given {
			return same(s.last.header.Get("Location"), rest)
		}
		got, err := s.find("location", key)
		if err != nil {
			return err
		}
		return same(got, strings.TrimSpace(want))
	},
	"leads-to": func(s *scene, want string) error {
		if got := s.last.header.Get("Location"); !strings.HasPrefix(got, want) {
			return fmt.Errorf("it leads to %q", got)
		}
		return nil
	},
	"says":     func(s *scene, want string) error { return contains(html.UnescapeString(s.last.body), want) },
	"says-not": func(s *scene, want string) error { return lacks(html.UnescapeString(s.last.body), want) },
	"log":      func(s *scene, want string) error { return contains(s.log.String(), want) },
	"log-not":  func(s *scene, want string) error { return lacks(s.log.String(), want) },
	"differs": func(_ *scene, rest string) error {
		a, b, _ := strings.Cut(rest, " ")
		if a == b {
			return errors.New("they are the same")
		}
		return nil
	},
	"same": func(_ *scene, rest string) error {
		a, b, _ := strings.Cut(rest, " ")
		return same(a, b)
	},
	"statuses": func(s *scene, rest string) error {
		return same(strings.Trim(fmt.Sprint(s.statuses), "map[]"), rest)
	},
	"audit": func(s *scene, kind string) error {
		events, err := s.store.Events(s.t.Context(), 0, 1000)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Kind == kind {
				return nil
			}
		}
		return fmt.Errorf("the audit log has no %s", kind)
	},
	"grants": func(s *scene, want string) error {
		living, err := s.store.Grants(s.t.Context(), store.GrantFilter{}, "", 1000)
		if err != nil {
			return err
		}
		return same(strconv.Itoa(len(living)), want)
	},
}

func same(got, want string) error {
	if got != want {
		return fmt.Errorf("got %q, want %q", got, want)
	}
	return nil
}

func contains(text, want string) error {
	if !strings.Contains(text, want) {
		return fmt.Errorf("it does not say %q", want)
	}
	return nil
}

func lacks(text, unwanted string) error {
	if strings.Contains(text, unwanted) {
		return fmt.Errorf("it says %q", unwanted)
	}
	return nil
}
