package authserver_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/store"
)

// checks are the verbs that look at the last answer.
var checks = map[string]func(s *scene, rest string) error{
	"elsewhere-got": (*scene).checkElsewhere, "elsewhere-got-no": (*scene).checkElsewhereHasNo,
	"status":   func(s *scene, want string) error { return same(strconv.Itoa(s.last.status), want) },
	"json":     (*scene).checkJSON,
	"no-json":  (*scene).checkNoJSON,
	"has":      (*scene).checkHeader,
	"has-no":   (*scene).checkNoHeader,
	"location": (*scene).checkLocation,
	"leads-to": func(s *scene, want string) error {
		if got := s.last.header.Get("Location"); !strings.HasPrefix(got, want) {
			return fmt.Errorf("it leads to %q", got)
		}
		return nil
	},
	"asks":     (*scene).checkAsked,
	"fetched":  (*scene).checkFetched,
	"empty":    func(s *scene, _ string) error { return same(s.last.body, "") },
	"says":     func(s *scene, want string) error { return contains(html.UnescapeString(s.last.body), want) },
	"says-not": func(s *scene, want string) error { return lacks(html.UnescapeString(s.last.body), want) },
	"raw":      func(s *scene, want string) error { return contains(s.last.body, want) },
	"raw-not":  func(s *scene, want string) error { return lacks(s.last.body, want) },
	"log":      func(s *scene, want string) error { return contains(s.log.String(), want) },
	"log-not":  func(s *scene, want string) error { return lacks(s.log.String(), want) },
	"same": func(_ *scene, rest string) error {
		a, b, _ := strings.Cut(rest, " ")
		return same(a, b)
	},
	"differs": func(_ *scene, rest string) error {
		a, b, _ := strings.Cut(rest, " ")
		if a == b {
			return errors.New("they are the same")
		}
		return nil
	},
	"statuses": func(s *scene, rest string) error {
		return same(strings.Trim(fmt.Sprint(s.statuses), "map[]"), rest)
	},
	"distinct": (*scene).checkDistinct,
	"claim":    checkClaim,
	"no-claim": checkNoClaim,
	"jose":     checkJOSE,
	"verifies": (*scene).checkVerifies,
	"audit":    (*scene).checkAudit,
	"no-audit": func(s *scene, kind string) error {
		if s.checkAudit(kind) == nil {
			return fmt.Errorf("the audit log has a %s", kind)
		}
		return nil
	},
	"flow":     func(s *scene, want string) error { return s.checkFlow(want, false) },
	"flow-not": func(s *scene, want string) error { return s.checkFlow(want, true) },
	"flows":    (*scene).checkFlows,
	"grants": func(s *scene, want string) error {
		living, err := s.store.Grants(s.t.Context(), store.GrantFilter{}, "", 1000)
		if err != nil {
			return err
		}
		return same(strconv.Itoa(len(living)), want)
	},
	"clients": func(s *scene, want string) error {
		n, err := s.store.CountRegistered(s.t.Context())
		if err != nil {
			return err
		}
		return same(strconv.FormatInt(n, 10), want)
	},
}

func (s *scene) checkJSON(rest string) error {
	key, want, _ := strings.Cut(rest, " ")
	got, err := s.member(key)
	if err != nil {
		return err
	}
	return same(got, strings.TrimSpace(want))
}

func (s *scene) checkNoJSON(key string) error {
	if got, err := s.member(key); err == nil {
		return fmt.Errorf("there is a %s: %s", key, got)
	}
	return nil
}

func (s *scene) checkHeader(rest string) error {
	name, want, _ := strings.Cut(rest, " ")
	values := s.last.header.Values(name)
	if len(values) == 0 {
		return fmt.Errorf("there is no header %s", name)
	}
	return contains(strings.Join(values, ", "), want)
}

// checkNoHeader looks for a header, or for a text in it.
func (s *scene) checkNoHeader(rest string) error {
	name, unwanted, _ := strings.Cut(rest, " ")
	values := s.last.header.Values(name)
	if len(values) > 0 && strings.Contains(strings.Join(values, ", "), unwanted) {
		return fmt.Errorf("there is a header %s: %q", name, values)
	}
	return nil
}

// checkLocation compares the whole address, or one parameter of it, in which
// %XX is a byte.
func (s *scene) checkLocation(rest string) error {
	key, want, given := strings.Cut(rest, " ")
	if !given {
		return same(s.last.header.Get("Location"), rest)
	}
	got, err := s.find("location", key)
	if err != nil {
		return err
	}
	plain, err := url.PathUnescape(strings.TrimSpace(want))
	if err != nil {
		return err
	}
	return same(got, plain)
}

// checkDistinct counts the different values of a member in the answers of the
// last at-once: "distinct KEY N".
func (s *scene) checkDistinct(rest string) error {
	key, want, _ := strings.Cut(rest, " ")
	values := map[string]bool{}
	for _, body := range s.bodies {
		if value, err := memberOf(body, key); err == nil {
			values[value] = true
		}
	}
	return same(strconv.Itoa(len(values)), want)
}

// checkClaim looks into a JWT, whose signature is not what this is about.
func checkClaim(_ *scene, rest string) error {
	words := strings.SplitN(rest, " ", 3)
	if len(words) != 3 {
		return errors.New("claim TOKEN NAME VALUE")
	}
	parts := strings.Split(words[0], ".")
	if len(parts) != 3 {
		return errors.New("it is not a JWT")
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	got, err := memberOf(string(claims), words[1])
	if err != nil {
		return err
	}
	return same(got, words[2])
}

func (s *scene) checkAudit(rest string) error {
	kind, want, counts := strings.Cut(rest, " ")
	events, err := s.store.Events(s.t.Context(), 0, 1000)
	if err != nil {
		return err
	}
	n := 0
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	if counts {
		return same(strconv.Itoa(n), want)
	}
	if n > 0 {
		return nil
	}
	return fmt.Errorf("the audit log has no %s", kind)
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
