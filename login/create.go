package login

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// New is someone who is to have a password here.
type New struct {
	Username string // see [CanonicalUsername]
	Name     string // what people read, at most 200 bytes; empty: the username as it was typed
	Email    string // may be empty
	Password oauth.Secret
	Admin    bool
	First    bool // only if there is no one yet
}

// Create saves someone and returns them. What is wrong with n is refused with
// invalid_request and a sentence that can be shown; so is a username that is
// taken, and a first person who is not the first.
func (l *Local) Create(ctx context.Context, n New) (oauth.Person, error) {
	username, err := CanonicalUsername(n.Username)
	if err != nil {
		return oauth.Person{}, err
	}
	p := oauth.Person{
		ID:       oauth.NewID("sp_u_"),
		Username: username,
		Name:     strings.TrimSpace(n.Name),
		Email:    strings.TrimSpace(n.Email),
		Admin:    n.Admin,
		Created:  l.now(),
	}
	if p.Name == "" {
		p.Name = strings.TrimSpace(n.Username)
	}
	if err := checkPerson(p); err != nil {
		return oauth.Person{}, err
	}
	text, err := checkPassword(n.Password, p.Username, p.Name, p.Email)
	if err != nil {
		return oauth.Person{}, err
	}
	if p.PasswordHash, err = l.hash(ctx, text); err != nil {
		return oauth.Person{}, err
	}
	return p, l.add(ctx, p, n.First)
}

func (l *Local) add(ctx context.Context, p oauth.Person, first bool) error {
	add, taken := l.people.AddPerson, "That username is taken."
	if first {
		add, taken = l.people.AddFirstPerson, "Someone has an account here already."
	}
	err := add(ctx, p)
	if errors.Is(err, store.ErrExists) {
		return oauth.Refuse(oauth.InvalidRequest, taken).Because(err)
	}
	return err
}

// SetPassword gives someone another password and ends their sessions. A
// password against the rules is refused with invalid_request; someone unknown
// is [store.ErrNotFound].
func (l *Local) SetPassword(ctx context.Context, id string, password oauth.Secret) error {
	p, err := l.people.Person(ctx, id)
	if err != nil {
		return err
	}
	text, err := checkPassword(password, p.Username, p.Name, p.Email)
	if err != nil {
		return err
	}
	hash, err := l.hash(ctx, text)
	if err != nil {
		return err
	}
	return l.people.SetPassword(ctx, id, hash)
}

func checkPerson(p oauth.Person) error {
	if len(p.Name) > 200 || !utf8.ValidString(p.Name) || strings.ContainsFunc(p.Name, invisible) {
		return oauth.Refuse(oauth.InvalidRequest, "A name is text of at most 200 bytes.")
	}
	if p.Email == "" {
		return nil
	}
	address, err := mail.ParseAddress(p.Email)
	if err != nil || address.Address != p.Email || len(p.Email) > 254 {
		return oauth.Refuse(oauth.InvalidRequest, "That is not an e-mail address.")
	}
	return nil
}

// invisible characters could make a name read as another, or turn the line
// around it. The two joiners are part of how Persian and Hindi are written.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
}
