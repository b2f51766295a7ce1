package authserver_test

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
)

// acts are the verbs that do something.
var acts = map[string]func(s *scene, rest string) error{
	"GET":     func(s *scene, rest string) error { return s.ask("GET", rest) },
	"HEAD":    func(s *scene, rest string) error { return s.ask("HEAD", rest) },
	"POST":    func(s *scene, rest string) error { return s.ask("POST", rest) },
	"PUT":     func(s *scene, rest string) error { return s.ask("PUT", rest) },
	"DELETE":  func(s *scene, rest string) error { return s.ask("DELETE", rest) },
	"OPTIONS": func(s *scene, rest string) error { return s.ask("OPTIONS", rest) },
	"at-once": (*scene).askAtOnce,
	"browser": func(s *scene, name string) error { s.current = name; return nil },
	"from":    func(s *scene, address string) error { s.address = address; return nil },
	"header": func(s *scene, rest string) error {
		name, value, _ := strings.Cut(rest, " ")
		s.headers.Add(name, value)
		return nil
	},
	"basic": (*scene).basic,
	"body":  func(s *scene, rest string) error { s.body = rest; return nil },
	"register": func(s *scene, rest string) error {
		s.headers.Set("Content-Type", "application/json")
		s.body = rest
		return s.ask("POST", "/oauth/register")
	},
	"publish":        (*scene).publish,
	"publish-keys":   (*scene).publishKeys,
	"vendor-answers": (*scene).vendorAnswers,
	"assert":         (*scene).assert,
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
	"save": (*scene).save,
	"secret": func(s *scene, key string) error {
		value, err := s.member(key)
		s.secrets[value] = err == nil
		return err
	},
	"tamper":  (*scene).tamper,
	"person":  (*scene).addPerson,
	"client":  (*scene).addClient,
	"sign-in": (*scene).signIn,
	"device":  (*scene).device, "add-passkey": (*scene).addPasskey, "use-passkey": (*scene).usePasskey,
	"leave": (*scene).leave, "elsewhere": (*scene).elsewhereAs, "through": (*scene).through, "hand-over": (*scene).handOver, "return-to": (*scene).returnTo, "copy-browser": (*scene).copyBrowser, "plant": (*scene).plant,
	"at-privy": (*scene).atPrivy, "connect": (*scene).connect, "disconnect": (*scene).disconnect, "now-admits": (*scene).nowAdmits, "add-way": func(s *scene, name string) error { return s.pressAbout("/account/ways/"+name, "") }, "withdraws": (*scene).withdraw, "leaves-organization": (*scene).leaveOrganization, "errand": (*scene).errand, "connected": (*scene).checkConnected, "kept": (*scene).checkKept,
	"breaks": (*scene).breakElsewhere, "mends": (*scene).mendElsewhere, "whois": (*scene).whois,
	"allow":   func(s *scene, rest string) error { return s.decide("allow", rest) },
	"deny":    func(s *scene, rest string) error { return s.decide("deny", rest) },
	"code":    (*scene).code,
	"tokens":  (*scene).tokens,
	"call":    (*scene).call,
	"disable": func(s *scene, name string) error { return s.store.SetDisabled(s.t.Context(), s.vars[name], true) },
	"enable":  func(s *scene, name string) error { return s.store.SetDisabled(s.t.Context(), s.vars[name], false) },
	"forget-person": func(s *scene, name string) error {
		return s.store.RemovePerson(s.t.Context(), s.vars[name])
	},
	"narrow":            (*scene).narrow,
	"before-the-policy": (*scene).beforeThePolicy,
	"forget-client": func(s *scene, id string) error {
		// The server may believe in a client for a second longer.
		s.clock.advance(2 * time.Second)
		return s.store.RemoveClient(s.t.Context(), id)
	},
	"prune": func(s *scene, rest string) error {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return err
		}
		s.clock.advance(2 * time.Second)
		_, err = s.store.Prune(s.t.Context(), s.clock.Now().Add(-d), 1000)
		return err
	},
}

func (s *scene) basic(rest string) error {
	id, secret, _ := strings.Cut(rest, " ")
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	s.headers.Set("Authorization", r.Header.Get("Authorization"))
	return nil
}

// save keeps a value of the last answer: "save NAME json KEY", "… location
// PARAMETER", "… form FIELD", "… header NAME" or "… cookie NAME".
func (s *scene) save(rest string) error {
	words := strings.Fields(rest)
	if len(words) != 3 {
		return errors.New("save NAME json|location|form|header|cookie KEY")
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
	case "header":
		return s.last.header.Get(key), nil
	case "cookie":
		for _, c := range (&http.Response{Header: s.last.header}).Cookies() {
			if c.Name == key {
				return c.Value, nil
			}
		}
		return "", fmt.Errorf("the answer sets no cookie %s", key)
	}
	return "", fmt.Errorf("no such place: %s", where)
}

// tamper keeps a value of which one bit is another: "tamper NAME VALUE OCTET". Of a
// JWT it is a bit of the signature.
func (s *scene) tamper(rest string) error {
	words := strings.Fields(rest)
	if len(words) != 3 {
		return errors.New("tamper NAME VALUE OCTET")
	}
	prefix, text := "", words[1]
	if dot := strings.LastIndexByte(text, '.'); dot >= 0 {
		prefix, text = text[:dot+1], text[dot+1:]
	} else if rest, ok := strings.CutPrefix(text, "sp_"); ok {
		kind, sealed, _ := strings.Cut(rest, "_")
		prefix, text = "sp_"+kind+"_", sealed
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	at, err := strconv.Atoi(words[2])
	if err != nil || at >= len(b) {
		return fmt.Errorf("it has %d octets", len(b))
	}
	b[at] ^= 1
	s.vars[words[0]] = prefix + base64.RawURLEncoding.EncodeToString(b)
	return nil
}

// field is the value of the first field with that name. It is no expression,
// because an expression that walks whole pages takes long under the race detector.
func field(page, name string) (string, error) {
	_, page, _ = strings.Cut(page, "<input")
	for tag := range strings.SplitSeq(page, "<input") {
		tag, _, _ = strings.Cut(tag, ">")
		if _, value, ok := strings.Cut(tag, ` value="`); ok && strings.Contains(tag, ` name="`+name+`"`) {
			value, _, _ = strings.Cut(value, `"`)
			return html.UnescapeString(value), nil
		}
	}
	return "", fmt.Errorf("the page has no field %s", name)
}

func (s *scene) member(key string) (string, error) { return memberOf(s.last.body, key) }

// memberOf is a member of a JSON object: a text as it is, anything else as JSON.
func memberOf(object, key string) (string, error) {
	var members map[string]any
	if err := json.Unmarshal([]byte(object), &members); err != nil {
		return "", fmt.Errorf("it is not a JSON object: %w", err)
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

// addPerson makes an account: "person NAME [admin]".
func (s *scene) addPerson(rest string) error {
	name, rest, _ := strings.Cut(rest, " ")
	ctx, admin := s.t.Context(), rest == "admin"
	made.Lock()
	defer made.Unlock()
	if made.hash == "" {
		p, err := login.NewLocal(login.LocalOptions{People: s.store, Now: s.clock.Now}).Create(ctx, login.New{Username: name, Password: testPassword, Admin: admin})
		s.vars[name], made.hash = p.ID, p.PasswordHash
		return err
	}
	s.vars[name] = oauth.NewID("sp_u_")
	return s.store.AddPerson(ctx, oauth.Person{ID: s.vars[name], Username: name, Name: name, Admin: admin, PasswordHash: made.hash, Created: s.clock.Now()})
}

// made is the hash that the first account got. All have the same password, and
// argon2id is slow on purpose.
var made struct {
	sync.Mutex
	hash string
}

// addClient makes a client known: "client NAME URI… [secret] [code-only]
// [serves=RESOURCE] [exchange=WHAT]". Its id is $NAME; its secret, if any, $NAME.secret.
func (s *scene) addClient(rest string) error {
	c, secret, err := readClient(strings.Fields(rest))
	if err != nil {
		return err
	}
	c.Created, c.LastUsed = s.clock.Now(), s.clock.Now()
	s.vars[c.ID] = c.ID
	if secret != "" {
		s.vars[c.ID+".secret"] = string(secret)
		s.secrets[string(secret)] = true
	}
	_, err = s.store.Register(s.t.Context(), c)
	return err
}

// narrow does what an edit of the settings file does: the client's registered
// scope is another one.
func (s *scene) narrow(rest string) error {
	id, scope, _ := strings.Cut(rest, " ")
	db, err := sql.Open("sqlite", s.file)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(s.t.Context(), `UPDATE clients SET metadata = json_set(metadata, '$.scope', $2) WHERE id = $1`, id, scope)
	s.clock.advance(2 * time.Second)
	return err
}

// beforeThePolicy makes what people agreed to so far what it would be, had they agreed
// before the settings let any server act elsewhere.
func (s *scene) beforeThePolicy(string) error {
	db, err := sql.Open("sqlite", s.file)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err1 := db.ExecContext(s.t.Context(), `UPDATE grants SET scope = 'tickets:read' WHERE scope LIKE '%act>%'`)
	_, err2 := db.ExecContext(s.t.Context(), `DELETE FROM consents WHERE token LIKE 'act>%'`)
	return errors.Join(err1, err2)
}

func readClient(words []string) (oauth.Client, oauth.Secret, error) {
	if len(words) == 0 {
		return oauth.Client{}, "", errors.New("a client needs a name")
	}
	c := oauth.Client{ID: words[0], Source: oauth.FromSettings,
		Metadata: oauth.ClientMetadata{ClientName: words[0], TokenEndpointAuthMethod: oauth.AuthNone,
			GrantTypes: []string{oauth.GrantTypeCode, oauth.GrantTypeRefresh}, ResponseTypes: []string{"code"}}}
	var secret oauth.Secret
	for _, word := range words[1:] {
		resource, serves := strings.CutPrefix(word, "serves=")
		chosen, chose := strings.CutPrefix(word, "secret=")
		switch {
		case word == "secret", chose:
			if secret = oauth.Secret(chosen); !chose {
				secret = oauth.NewSecret(oauth.ClientSecret)
			}
			c.SecretDigest, c.Metadata.TokenEndpointAuthMethod = secret.Digest(), oauth.AuthBasic
		case word == "code-only":
			c.Metadata.GrantTypes = []string{oauth.GrantTypeCode}
		case strings.HasPrefix(word, "exchange="):
			what, scopes, delegates := strings.Cut(strings.TrimPrefix(word, "exchange="), ">")
			e := oauth.Exchange{Login: what}
			if delegates {
				e = oauth.Exchange{Resource: what, Scope: oauth.NewScope(strings.Split(scopes, ",")...)}
			}
			c.Exchanges = append(c.Exchanges, e)
			c.Metadata.GrantTypes = append(c.Metadata.GrantTypes, oauth.GrantTypeExchange)
		case strings.HasPrefix(word, "keys-at="):
			c.KeysURI, c.Metadata.TokenEndpointAuthMethod = strings.TrimPrefix(word, "keys-at="), oauth.AuthPrivateKey
		case strings.HasPrefix(word, "keys="):
			c.Keys, c.Metadata.TokenEndpointAuthMethod = json.RawMessage(strings.TrimPrefix(word, "keys=")), oauth.AuthPrivateKey
		case strings.HasPrefix(word, "scope="):
			c.Metadata.Scope = strings.TrimPrefix(word, "scope=")
		case serves:
			c.Serves = append(c.Serves, resource)
		default:
			c.Metadata.RedirectURIs = append(c.Metadata.RedirectURIs, word)
		}
	}
	return c, secret, nil
}
