package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

type grantsCommand struct {
	List   grantsList   `cmd:"" help:"List who allowed which app what."`
	Revoke grantsRevoke `cmd:"" help:"End grants: one, or all that match. Every replica refuses their tokens within a second."`
}

// matching says which grants are meant.
type matching struct {
	User     string `placeholder:"NAME" help:"Only those of this person."`
	Client   string `placeholder:"ID" help:"Only those of this client."`
	Resource string `placeholder:"URL" help:"Only those at this resource."`
}

func (m matching) filter(ctx context.Context, in *installation) (store.GrantFilter, error) {
	f := store.GrantFilter{ClientID: m.Client, Resource: m.Resource}
	if m.User == "" {
		return f, nil
	}
	name, err := login.CanonicalUsername(m.User)
	if err != nil {
		return f, plainly(err)
	}
	p, err := in.store.PersonByUsername(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return f, hint(fmt.Errorf("there is no one called %s", m.User), "sallyport users list shows everyone")
	}
	f.Subject = p.ID
	return f, err
}

type grantsList struct {
	which
	asked
	matching
	Ended bool `help:"Those that have ended too."`
}

// A grantView is a grant as programs read it. It holds nothing that a token
// could be made from.
type grantView struct {
	ID         string     `json:"id"`
	Subject    string     `json:"sub"`
	Username   string     `json:"username,omitempty"`
	ClientID   string     `json:"client_id"`
	Host       string     `json:"redirect_host"`
	Resource   string     `json:"resource"`
	Scope      string     `json:"scope"`
	Created    time.Time  `json:"created"`
	LastUsed   time.Time  `json:"last_used"`
	Expires    time.Time  `json:"expires"`
	Revoked    *time.Time `json:"revoked,omitempty"`
	RevokedFor string     `json:"revoked_for,omitempty"`
}

func (c grantsList) Run(ctx context.Context, t terminal) error {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	filter, err := c.filter(ctx, in)
	if err != nil {
		return err
	}
	filter.IncludeEnded = c.Ended
	found, err := all(func(after string) ([]oauth.Grant, string, error) {
		page, err := in.store.Grants(ctx, filter, after, pageSize)
		return page, lastID(page, func(g oauth.Grant) string { return g.ID }), err
	})
	if err != nil {
		return err
	}
	names := map[string]string{}
	values, rows := []grantView{}, [][]string{}
	for _, g := range found {
		if _, known := names[g.Subject]; !known {
			p, err := in.store.Person(ctx, g.Subject)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			names[g.Subject] = p.Username
		}
		v := grantView{ID: g.ID, Subject: g.Subject, Username: names[g.Subject], ClientID: g.ClientID, Host: g.RedirectHost,
			Resource: g.Resource, Scope: g.Scope.String(), Created: g.Created, LastUsed: g.RotatedAt, Expires: g.Expires, RevokedFor: g.RevokedFor}
		state := "until " + when(g.Expires)
		if !g.Revoked.IsZero() {
			v.Revoked = &g.Revoked
			state = "ended " + when(g.Revoked) + " (" + g.RevokedFor + ")"
		}
		values = append(values, v)
		rows = append(rows, []string{g.ID, v.Username, g.RedirectHost, g.Resource, g.Scope.String(), when(g.RotatedAt), state})
	}
	return c.show(t, values, []string{"GRANT", "USER", "ANSWERS TO", "RESOURCE", "SCOPE", "LAST USED", "STATE"}, rows)
}

type grantsRevoke struct {
	which
	asked
	matching
	Grant string `arg:"" optional:"" help:"The id of one grant."`
}

func (c grantsRevoke) Run(ctx context.Context, t terminal) error {
	if c.Grant == "" && c.matching == (matching{}) {
		return misuse(errors.New("which grants?"), "give a grant's id, or --user, --client or --resource; sallyport grants list shows them")
	}
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	filter, err := c.filter(ctx, in)
	if err != nil {
		return err
	}
	filter.ID = c.Grant
	n, err := in.store.Revoke(ctx, filter, "revoked by an administrator")
	if err != nil {
		return err
	}
	if n == 0 {
		return hint(errors.New("no living grant matches"), "sallyport grants list shows them")
	}
	e := store.Event{Kind: store.GrantRevoked, Subject: filter.Subject, ClientID: filter.ClientID, GrantID: filter.ID, Detail: fmt.Sprint(n, " ended")}
	if err := record(ctx, in, e); err != nil {
		return err
	}
	return c.say(t, map[string]int64{"ended": n}, "Ended %d.", n)
}
