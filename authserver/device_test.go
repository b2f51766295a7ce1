package authserver_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/login/standin/device"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

func asksDevices(t testing.TB, given setting, s *sqlstore.Store, c *clock) *login.WebAuthn {
	if given.noPasswords {
		return nil
	}
	a, err := login.NewWebAuthn(login.WebAuthnOptions{PublicURL: given.issuer, SiteName: "Acme", Passkeys: s, Now: c.Now})
	if errors.Is(err, login.ErrNoDomain) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// device makes one, or tells it to do something otherwise: "device NAME a=b …".
func (s *scene) device(rest string) error {
	name, words, _ := strings.Cut(rest, " ")
	form, err := pairs(words)
	if err != nil {
		return err
	}
	d := s.devices[name]
	if d == nil {
		d = &device.Device{}
		s.devices[name] = d
	}
	d.Lies = device.Lies{}
	for key, values := range form {
		value := values[0]
		switch key {
		case "algorithm":
			d.Algorithm = value
		case "synced":
			d.Synced = value == "yes"
		case "counter":
			n, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return err
			}
			d.Counter = uint32(n)
		case "copy-of":
			*d = *s.devices[value].Copy()
		case "origin":
			d.Lies.Origin = value
		case "site":
			d.Lies.RPID = value
		case "challenge":
			d.Lies.Challenge = value
		case "type":
			d.Lies.Type = value
		case "whose":
			d.Lies.Handle = value
		case "lies":
			d.Lies.Unverified, d.Lies.Absent = value == "unverified", value == "absent"
			d.Lies.CrossOrigin, d.Lies.Broken = value == "framed", value == "broken"
		default:
			return fmt.Errorf("a device has no %s", key)
		}
	}
	return nil
}

var optionsOf = regexp.MustCompile(`data-options="([^"]*)"`)

// asked is the form with which a page asks devices, and what it asks.
func (s *scene) asked(action string) (url.Values, string, error) {
	form := formAt(s.last.body, action)
	if form == "" {
		return nil, "", fmt.Errorf("the page has no form to %s", action)
	}
	form, _, _ = strings.Cut(form, "</form>")
	sent := url.Values{}
	for _, hidden := range []string{"ix", "csrf", "challenge"} {
		if value, err := field(form, hidden); err == nil {
			sent.Set(hidden, value)
		}
	}
	options := optionsOf.FindStringSubmatch(form)
	if options == nil {
		return nil, "", errors.New("the form asks nothing of a device")
	}
	return sent, html.UnescapeString(options[1]), nil
}

// addPasskey fills the form of the page with one's passkeys, on which the browser
// is, with what a device makes: "add-passkey DEVICE NAME".
func (s *scene) addPasskey(rest string) error {
	which, name, _ := strings.Cut(rest, " ")
	if err := s.ask("GET", "/account/passkeys"); err != nil {
		return err
	}
	sent, options, err := s.asked("/account/passkeys")
	if err != nil {
		return err
	}
	answer, err := s.devices[which].Create(s.setting.issuer, options)
	if err != nil {
		return err
	}
	sent.Set("name", name)
	sent.Set("answer", answer)
	s.body = sent.Encode()
	s.vars["sent"] = s.body
	return s.ask("POST", "/account/passkeys")
}

// usePasskey has a device answer the sign-in page that the browser is on, or is
// sent to. $sent is the form, for who sends it again.
func (s *scene) usePasskey(which string) error {
	if s.last == nil || !strings.Contains(s.last.body, "/login/passkey") {
		path := "/login"
		if s.last != nil && strings.HasPrefix(s.last.header.Get("Location"), "/login") {
			path = s.last.header.Get("Location")
		}
		if err := s.ask("GET", path); err != nil {
			return err
		}
	}
	sent, options, err := s.asked("/login/passkey")
	if err != nil {
		return err
	}
	answer, err := s.devices[which].Get(s.setting.issuer, options)
	if err != nil {
		return err
	}
	sent.Set("answer", answer)
	s.body = sent.Encode()
	s.vars["sent"] = s.body
	return s.ask("POST", "/login/passkey")
}

// checkAsked looks at what the page asks of a device: "asks KEY VALUE".
func (s *scene) checkAsked(rest string) error {
	key, want, _ := strings.Cut(rest, " ")
	options := optionsOf.FindStringSubmatch(s.last.body)
	if options == nil {
		return errors.New("the page asks nothing of a device")
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(html.UnescapeString(options[1])), &all); err != nil {
		return err
	}
	return same(string(all[key]), want)
}
