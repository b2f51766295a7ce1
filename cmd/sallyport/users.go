package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

type usersCommand struct {
	Add            usersAdd      `cmd:"" help:"Make an account."`
	List           usersList     `cmd:"" help:"List everyone."`
	SetPassword    usersPassword `cmd:"" help:"Give someone another password. Their browsers are signed out."`
	RemovePasskeys usersPasskeys `cmd:"" help:"Forget someone's passkeys. Their browsers are signed out."`
	Disable        usersDisable  `cmd:"" help:"Keep someone out. What they allowed ends at once."`
	Enable         usersEnable   `cmd:"" help:"Let someone in again."`
	Remove         usersRemove   `cmd:"" help:"Forget someone. What they allowed ends at once."`
}

// password is how a password gets in: typed, or from a script's standard input.
type password struct {
	PasswordStdin bool `help:"Read the password from standard input."`
}

// read asks for the password, without showing it where that can be.
func (p password) read(t terminal) (oauth.Secret, error) {
	file, isFile := t.in.(*os.File)
	if !p.PasswordStdin && isFile && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(t.err, "Password: ")
		typed, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(t.err)
		return oauth.Secret(typed), err
	}
	if !p.PasswordStdin {
		return "", hint(errors.New("there is no terminal to ask for the password on"), "pipe it in, with --password-stdin")
	}
	line, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil && line == "" {
		return "", hint(errors.New("standard input is empty"), "--password-stdin reads the password from it")
	}
	return oauth.Secret(strings.TrimRight(line, "\r\n")), nil
}

type usersAdd struct {
	which
	asked
	password
	Username string `arg:""`
	Name     string `help:"Their name, as pages show it."`
	Email    string `help:"Their address."`
	Admin    bool   `help:"Make them an administrator."`
}

func (c usersAdd) Run(ctx context.Context, t terminal) error {
	secret, err := c.password.read(t)
	if err != nil {
		return err
	}
	// The account may be made before the first start, so that a script can.
	in, err := openFor(ctx, t, c.which, true)
	if err != nil {
		return err
	}
	defer in.close()
	p, err := localLogin(in).Create(ctx, login.New{Username: c.Username, Name: c.Name, Email: c.Email, Password: secret, Admin: c.Admin})
	if err != nil {
		return plainly(err)
	}
	if err := record(ctx, in, store.Event{Kind: store.PersonCreated, Subject: p.ID}); err != nil {
		return err
	}
	return c.say(t, viewPerson(p), "%s can sign in.", p.Username)
}

// A personView is someone as programs read them.
type personView struct {
	ID       string    `json:"id"`
	Username string    `json:"username"`
	Name     string    `json:"name,omitempty"`
	Email    string    `json:"email,omitempty"`
	Admin    bool      `json:"admin"`
	Passkeys int64     `json:"passkeys"`
	Created  time.Time `json:"created"`
	Disabled time.Time `json:"disabled,omitzero"`
}

func viewPerson(p oauth.Person) personView {
	return personView{ID: p.ID, Username: p.Username, Name: p.Name, Email: p.Email, Admin: p.Admin, Created: p.Created, Disabled: p.Disabled}
}

type usersList struct {
	which
	asked
}

func (c usersList) Run(ctx context.Context, t terminal) error {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	people, err := all(func(after string) ([]oauth.Person, string, error) {
		page, err := in.store.People(ctx, after, pageSize)
		return page, lastID(page, func(p oauth.Person) string { return p.ID }), err
	})
	if err != nil {
		return err
	}
	passkeys, err := in.store.CountPasskeys(ctx)
	if err != nil {
		return err
	}
	values, rows := []personView{}, [][]string{}
	for _, p := range people {
		view := viewPerson(p)
		view.Passkeys = passkeys[p.ID]
		values = append(values, view)
		rows = append(rows, []string{p.Username, p.Name, p.Email, yes(p.Admin), strconv.FormatInt(view.Passkeys, 10), when(p.Created), when(p.Disabled)})
	}
	return c.show(t, values, []string{"USERNAME", "NAME", "EMAIL", "ADMIN", "PASSKEYS", "CREATED", "DISABLED"}, rows)
}

// onePerson is a command about someone.
type onePerson struct {
	which
	Username string `arg:""`
}

func (c onePerson) find(ctx context.Context, t terminal) (*installation, oauth.Person, error) {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return nil, oauth.Person{}, err
	}
	name, err := login.CanonicalUsername(c.Username)
	if err == nil {
		var p oauth.Person
		if p, err = in.store.PersonByUsername(ctx, name); err == nil {
			return in, p, nil
		}
	}
	in.close()
	if errors.Is(err, store.ErrNotFound) {
		err = hint(fmt.Errorf("there is no one called %s", c.Username), "sallyport users list shows everyone")
	}
	return nil, oauth.Person{}, plainly(err)
}

// change does something to a person and records it.
func (c onePerson) change(ctx context.Context, t terminal, kind, done string, do func(*installation, oauth.Person) error) error {
	in, p, err := c.find(ctx, t)
	if err != nil {
		return err
	}
	defer in.close()
	if err := do(in, p); err != nil {
		return plainly(err)
	}
	if err := record(ctx, in, store.Event{Kind: kind, Subject: p.ID}); err != nil {
		return err
	}
	fmt.Fprintf(t.out, done+"\n", p.Username)
	return nil
}

type usersPassword struct {
	onePerson
	password
}

func (c usersPassword) Run(ctx context.Context, t terminal) error {
	return c.change(ctx, t, store.PersonPassword, "%[1]s has a new password, and is signed out everywhere. Apps that they allowed go on; to end those: sallyport grants revoke --user %[1]s", func(in *installation, p oauth.Person) error {
		secret, err := c.password.read(t)
		if err != nil {
			return err
		}
		return localLogin(in).SetPassword(ctx, p.ID, secret)
	})
}

type usersPasskeys struct{ onePerson }

func (c usersPasskeys) Run(ctx context.Context, t terminal) error {
	return c.change(ctx, t, store.PasskeyRemoved, "%s has no passkeys any more, and is signed out everywhere.", func(in *installation, p oauth.Person) error {
		_, err := in.store.RemovePasskeys(ctx, p.ID)
		return err
	})
}

type usersDisable struct{ onePerson }

func (c usersDisable) Run(ctx context.Context, t terminal) error {
	return c.change(ctx, t, store.PersonDisabled, "%s is kept out, and every app of theirs with them.", func(in *installation, p oauth.Person) error {
		return in.store.SetDisabled(ctx, p.ID, true)
	})
}

type usersEnable struct{ onePerson }

func (c usersEnable) Run(ctx context.Context, t terminal) error {
	return c.change(ctx, t, store.PersonEnabled, "%s may sign in again. Their apps have to ask anew.", func(in *installation, p oauth.Person) error {
		return in.store.SetDisabled(ctx, p.ID, false)
	})
}

type usersRemove struct{ onePerson }

func (c usersRemove) Run(ctx context.Context, t terminal) error {
	return c.change(ctx, t, store.PersonRemoved, "%s is forgotten, and every app of theirs with them.", func(in *installation, p oauth.Person) error {
		return in.store.RemovePerson(ctx, p.ID)
	})
}
