package login

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

const rightPassword = oauth.Secret("a tower of 7 stones")

var (
	home    = netip.MustParseAddr("192.0.2.7")
	started = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
)

// cheap is what a hash costs in tests that try often.
var cheap = cost{memory: 64, passes: 1, threads: 1}

// door is local sign-in with Ada behind it, and a clock that a test sets.
type door struct {
	*Local
	people *people
	ada    oauth.Person
	clock  time.Time
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{clock: started}
	now := func() time.Time { return d.clock }
	d.people = newPeople(t, now)
	d.Local = NewLocal(LocalOptions{People: d.people, Now: now})
	d.cost, d.decoy = cheap, cheap.decoy()
	ada, err := d.Create(t.Context(), New{Username: "Ada", Password: rightPassword})
	if err != nil {
		t.Fatal(err)
	}
	d.ada = ada
	return d
}

// try signs in and returns the code of the refusal, or "".
func (d *door) try(t *testing.T, username string, password oauth.Secret, from netip.Addr) oauth.ErrorCode {
	t.Helper()
	p, err := d.SignIn(t.Context(), username, password, from)
	if err == nil {
		return ""
	}
	if p.ID != "" {
		t.Error("a refusal came with a person")
	}
	return oauth.AsError(err).Code
}

func TestSignIn(t *testing.T) {
	d := newDoor(t)
	off, err := d.Create(t.Context(), New{Username: "off", Password: rightPassword})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.people.SetDisabled(t.Context(), off.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := d.people.AddPerson(t.Context(), oauth.Person{ID: "up", Username: "upstream"}); err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct {
		name, username string
		password       oauth.Secret
		want           oauth.ErrorCode
	}{
		{"name and password go together", "ada", rightPassword, ""},
		{"the name is written otherwise", " ＡＤＡ ", rightPassword, ""},
		{"the password is wrong", "ada", "a tower of 8 stones", oauth.AccessDenied},
		{"the password is empty", "ada", "", oauth.AccessDenied},
		{"the password is cut short", "ada", rightPassword[:len(rightPassword)-1], oauth.AccessDenied},
		{"the password is too long to be one", "ada", oauth.Secret(strings.Repeat("a", 5000)), oauth.AccessDenied},
		{"the password is not text", "ada", "\xff\xfe\xfd", oauth.AccessDenied},
		{"no one has that name", "bob", rightPassword, oauth.AccessDenied},
		{"no one can have that name", "a b", rightPassword, oauth.AccessDenied},
		{"the name is empty", "", rightPassword, oauth.AccessDenied},
		{"the person is disabled", "off", rightPassword, oauth.AccessDenied},
		{"the person has no password", "upstream", "", oauth.AccessDenied},
	} {
		t.Run(c.name, func(t *testing.T) {
			runs, lookups := d.Runs(), d.people.lookups.Load()
			_, err := d.SignIn(t.Context(), c.username, c.password, home)
			if got := codeOf(err); got != c.want {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			// Whatever came of it, it took the same work and said the same words.
			if d.Runs() != runs+1 || d.people.lookups.Load() != lookups+1 {
				t.Errorf("took %d runs and %d lookups, want one of each", d.Runs()-runs, d.people.lookups.Load()-lookups)
			}
			if err != nil && oauth.AsError(err).Description != "That username and password do not go together." {
				t.Errorf("says %q", oauth.AsError(err).Description)
			}
		})
	}
}

func (d *door) setHash(t *testing.T, hash string) {
	t.Helper()
	if err := d.people.SetPassword(t.Context(), d.ada.ID, hash); err != nil {
		t.Fatal(err)
	}
}

func codeOf(err error) oauth.ErrorCode {
	if err == nil {
		return ""
	}
	return oauth.AsError(err).Code
}

func TestAStoreThatFailsIsNotAWrongPassword(t *testing.T) {
	d := newDoor(t)
	d.people.fail = errors.New("disk on fire")
	for range 2 * perPair.burst {
		if got := d.try(t, "ada", rightPassword, home); got != oauth.ServerError {
			t.Fatalf("got %q, want server_error every time", got)
		}
	}
}

func TestAHashThatCannotBeCheckedIsOurFault(t *testing.T) {
	d := newDoor(t)
	d.setHash(t, "$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")
	if got := d.try(t, "ada", rightPassword, home); got != oauth.ServerError {
		t.Errorf("got %q, want server_error", got)
	}
}

func TestAWeakHashIsMadeAnewOnSignIn(t *testing.T) {
	d := newDoor(t)
	old := cost{memory: 16, passes: 1, threads: 1}.hash(string(rightPassword))
	d.setHash(t, old.String())

	if got := d.try(t, "ada", "a tower of 8 stones", home); got != oauth.AccessDenied {
		t.Fatalf("a wrong password: %q", got)
	}
	if p, _ := d.people.Person(t.Context(), d.ada.ID); p.PasswordHash != old.String() {
		t.Error("a wrong password changed the hash")
	}
	for range 2 {
		if got := d.try(t, "ada", rightPassword, home); got != "" {
			t.Fatalf("the right password: %q", got)
		}
	}
	p, _ := d.people.Person(t.Context(), d.ada.ID)
	if h, err := parsePasswordHash(p.PasswordHash); err != nil || h.weak(cheap) {
		t.Errorf("the hash is %q", p.PasswordHash)
	}
}

// changing is a store in which the password is changed while it is checked.
type changing struct {
	*people
	to string
}

func (c changing) PersonByUsername(ctx context.Context, username string) (oauth.Person, error) {
	p, err := c.people.PersonByUsername(ctx, username)
	return p, errors.Join(err, c.SetPassword(ctx, p.ID, c.to))
}

func TestAPasswordThatWasChangedMeanwhileStaysChanged(t *testing.T) {
	d := newDoor(t)
	old := cost{memory: 16, passes: 1, threads: 1}.hash(string(rightPassword))
	d.setHash(t, old.String())
	changed := cheap.hash("another password").String()
	d.Local.people = changing{d.people, changed}

	d.try(t, "ada", rightPassword, home)
	if p, _ := d.people.Person(t.Context(), d.ada.ID); p.PasswordHash != changed {
		t.Error("the old password came back")
	}
}

func TestCreate(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct {
		name string
		n    New
		want string
	}{
		{"a name, a password", New{Username: "bob", Password: "ten letters"}, ""},
		{"a name that is taken", New{Username: "ADA", Password: rightPassword}, "That username is taken."},
		{"a first person who is not the first", New{Username: "eve", Password: rightPassword, First: true}, "Someone has an account here already."},
		{"no name", New{Password: rightPassword}, "A username has 1 to 64 characters."},
		{"a name with a space inside", New{Username: "a b", Password: rightPassword}, "A username is made of letters, digits, and any of . _ - @ +"},
		{"a short password", New{Username: "eve", Password: "nine char"}, "A password has at least 10 characters."},
		{"ten characters in more bytes", New{Username: "zoë", Password: "ключ от дв"}, ""},
		{"nine characters in more bytes", New{Username: "eve", Password: "ключ от д"}, "A password has at least 10 characters."},
		{"a very long password", New{Username: "eve", Password: oauth.Secret(strings.Repeat("ab", 513))}, "That password is longer than 1024 bytes."},
		{"a password with the newline of a file", New{Username: "eve", Password: rightPassword + "\n"}, "A password is text, without control characters."},
		{"a password that is not text", New{Username: "eve", Password: "\xff123456789abc"}, "A password is text, without control characters."},
		{"a password that is the name", New{Username: "eve.adams.1", Password: "Eve.Adams.1"}, "A password is not the name or the address of its owner."},
		{"a password that is the address", New{Username: "eve", Email: "eve@example.com", Password: "eve@example.com"}, "A password is not the name or the address of its owner."},
		{"a password from the list", New{Username: "eve", Password: "Password123"}, "That password is one of those that are guessed first."},
		{"a password in full-width letters from the list", New{Username: "eve", Password: "ｐassword123"}, "That password is one of those that are guessed first."},
		{"one character repeated", New{Username: "eve", Password: "zzzzzzzzzzzz"}, "A password is more than one character repeated."},
		{"a name that turns the line around", New{Username: "eve", Name: "Ada\u202egro", Password: rightPassword}, "A name is text of at most 200 bytes."},
		{"a name with a joiner", New{Username: "leila", Name: "لی\u200cلا", Password: rightPassword}, ""},
		{"an address that is none", New{Username: "eve", Email: "Eve <eve@example.com>", Password: rightPassword}, "That is not an e-mail address."},
		{"no password", New{Username: "eve"}, "A password has at least 10 characters."},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := d.Create(t.Context(), c.n)
			if c.want != "" {
				if refusal := oauth.AsError(err); err == nil || refusal.Code != oauth.InvalidRequest || refusal.Description != c.want {
					t.Fatalf("got %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.ID == "" || p.Name == "" || !p.Created.Equal(started) || strings.Contains(p.PasswordHash, string(c.n.Password)) {
				t.Errorf("got %+v", p)
			}
			if got := d.try(t, c.n.Username, c.n.Password, home); got != "" {
				t.Errorf("then signing in: %q", got)
			}
		})
	}
}

func TestOutsideOfTestsAHashCostsWhatItShould(t *testing.T) {
	l := NewLocal(LocalOptions{People: newPeople(t, nil)})
	p, err := l.Create(t.Context(), New{Username: "ada", Password: rightPassword, First: true})
	if err != nil {
		t.Fatal(err)
	}
	h, err := parsePasswordHash(p.PasswordHash)
	if err != nil || h.cost != today || l.decoy.cost != today {
		t.Errorf("a hash costs %+v, a decoy %+v, %v", h.cost, l.decoy.cost, err)
	}
	if _, err := l.SignIn(t.Context(), "ada", rightPassword, home); err != nil {
		t.Error(err)
	}
}

func TestCreateKeepsTheCauseForTheLog(t *testing.T) {
	d := newDoor(t)
	_, err := d.Create(t.Context(), New{Username: "ada", Password: rightPassword})
	if !errors.Is(err, store.ErrExists) {
		t.Errorf("%v is not ErrExists", err)
	}
}

func TestOfManyFirstPeopleOneIsFirst(t *testing.T) {
	l := NewLocal(LocalOptions{People: newPeople(t, nil)})
	var made sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if p, err := l.Create(context.Background(), New{Username: "ada", Password: rightPassword, First: true}); err == nil {
				made.Store(p.ID, true)
			}
		})
	}
	wg.Wait()
	n := 0
	made.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d were first", n)
	}
}

func TestSetPassword(t *testing.T) {
	d := newDoor(t)
	if err := d.SetPassword(t.Context(), d.ada.ID, "short"); oauth.AsError(err).Code != oauth.InvalidRequest {
		t.Errorf("a short one: %v", err)
	}
	if err := d.SetPassword(t.Context(), "nobody", rightPassword); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("for nobody: %v", err)
	}
	if err := d.SetPassword(t.Context(), d.ada.ID, "an entirely new one"); err != nil {
		t.Fatal(err)
	}
	if got := d.try(t, "ada", rightPassword, home); got != oauth.AccessDenied {
		t.Errorf("the old one: %q", got)
	}
	if got := d.try(t, "ada", "an entirely new one", home); got != "" {
		t.Errorf("the new one: %q", got)
	}
}

func TestTheSamePasswordFromAnotherKeyboardIsTheSame(t *testing.T) {
	d := newDoor(t)
	if _, err := d.Create(t.Context(), New{Username: "zoe", Password: "caf\u00e9 au lait"}); err != nil {
		t.Fatal(err)
	}
	if got := d.try(t, "zoe", "cafe\u0301 au lait", home); got != "" {
		t.Errorf("got %q", got)
	}
}
