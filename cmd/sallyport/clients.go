package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

type clientsCommand struct {
	Add    clientsAdd    `cmd:"" help:"Make a client known, for apps that cannot register themselves."`
	List   clientsList   `cmd:"" help:"List the clients that registered or were added here."`
	Show   clientsShow   `cmd:"" help:"Show everything about one client."`
	Remove clientsRemove `cmd:"" help:"Forget a client. What people allowed it ends at once."`
}

type clientsAdd struct {
	which
	asked
	Name         string   `arg:"" help:"What people read when they are asked."`
	RedirectURI  []string `sep:"none" placeholder:"URI" help:"Where answers may go; give it again for more."`
	Confidential bool     `help:"Give it a secret, which is printed once."`
	Serves       []string `sep:"none" placeholder:"URL" help:"A resource whose access tokens it may ask about; give it again for more. With --confidential."`
	Scope        string   `placeholder:"SCOPES" help:"The most that it may have, separated by spaces; no limit when it is not given."`
	ID           string   `name:"client-id" help:"The client id; made when it is not given."`
}

func (c clientsAdd) Run(ctx context.Context, t terminal) error {
	if err := c.check(); err != nil {
		return err
	}
	in, err := openFor(ctx, t, c.which, true)
	if err != nil {
		return err
	}
	defer in.close()
	added, secret, err := c.client(in)
	if err != nil {
		return err
	}
	if _, err := findClient(ctx, in, added.ID); err == nil {
		return hint(fmt.Errorf("there is a client %s already", added.ID), "sallyport clients show %s", added.ID)
	}
	if _, err := in.store.Register(ctx, added); err != nil {
		return err
	}
	if err := record(ctx, in, store.Event{Kind: store.ClientAdded, ClientID: added.ID}); err != nil {
		return err
	}
	return c.print(t, added.ID, secret)
}

// check finds what is wrong with the flags taken together.
func (c clientsAdd) check() error {
	switch {
	case len(c.RedirectURI) == 0 && len(c.Serves) == 0:
		return misuse(errors.New("--redirect-uri is missing"), "give the URI that the app shows, or --serves for a resource server")
	case len(c.Serves) > 0 && !c.Confidential:
		return misuse(errors.New("--serves needs --confidential"), "who asks about tokens proves with a secret who they are")
	case c.ID != "" && !clientID.MatchString(c.ID):
		return misuse(fmt.Errorf("--client-id %q cannot be a client id", c.ID), "use at most 200 letters, digits and signs, without spaces")
	}
	return nil
}

// RFC 6749 §A.1, without the space and within reason.
var clientID = regexp.MustCompile(`^[!-~]{1,200}$`)

// client is what the flags ask for, and its secret where it has one.
func (c clientsAdd) client(in *installation) (oauth.Client, oauth.Secret, error) {
	schemes := in.config.Registration.PrivateSchemes
	added := oauth.Client{ID: c.ID, Source: oauth.FromSettings, Created: time.Now(), LastUsed: time.Now()}
	asked := oauth.ClientMetadata{ClientName: c.Name, RedirectURIs: c.RedirectURI, TokenEndpointAuthMethod: oauth.AuthNone}
	var err error
	if asked.Scope, err = ceiling(in, c.Scope); err != nil {
		return added, "", err
	}
	var secret oauth.Secret
	if c.Confidential {
		secret = oauth.NewSecret(oauth.ClientSecret)
		added.SecretDigest, asked.TokenEndpointAuthMethod = secret.Digest(), oauth.AuthBasic
	}
	for _, uri := range c.RedirectURI {
		if err := oauth.CheckRedirectURI(uri, schemes); err != nil {
			return added, "", fmt.Errorf("%s: %w", uri, plainly(err))
		}
	}
	if added.Serves, err = resourceIDs(in, c.Serves); err != nil {
		return added, "", err
	}
	added.Metadata = asked
	if len(c.RedirectURI) == 0 { // it asks about tokens, and has none
		none := []string{}
		added.Metadata.RedirectURIs, added.Metadata.GrantTypes, added.Metadata.ResponseTypes = none, none, none
	} else {
		if added.Metadata, err = asked.Complete(schemes); err != nil {
			return added, "", plainly(err)
		}
	}
	if added.ID == "" {
		added.ID = oauth.NewID("sp_cl_")
	}
	return added, secret, nil
}

// ceiling checks the scopes that a client is limited to against slips of the pen.
func ceiling(in *installation, wire string) (string, error) {
	scope, err := oauth.ParseScope(wire)
	if err != nil {
		return "", plainly(err)
	}
	var known oauth.Scope
	for _, r := range append(in.config.ProtectedResources(), administration(in)) {
		known = known.Union(r.Known())
	}
	if unknown := scope.Without(known); len(unknown) > 0 {
		return "", hint(fmt.Errorf("no resource has the scope %s", unknown[0]), "the scopes of these settings are %s", strings.Join(known, ", "))
	}
	return scope.String(), nil
}

// resourceIDs are the identifiers of resources that are named by their URLs.
func resourceIDs(in *installation, urls []string) ([]string, error) {
	var known, ids []string
	for _, r := range in.config.ProtectedResources() {
		known = append(known, r.ID)
	}
	for _, raw := range urls {
		id, err := oauth.CanonicalResource(raw)
		if err != nil || !slices.Contains(known, id) {
			return nil, hint(fmt.Errorf("there is no resource %s", raw), "the resources of these settings are %s", strings.Join(known, ", "))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (c clientsAdd) print(t terminal, id string, secret oauth.Secret) error {
	values := map[string]string{"client_id": id}
	rows := [][]string{{"client_id", id}}
	if secret != "" {
		values["client_secret"] = string(secret)
		rows = append(rows, []string{"client_secret", string(secret), "(not shown again)"})
		rows[0] = append(rows[0], "")
	}
	return c.pairs(t, values, rows)
}

// A clientView is a client as programs read it.
type clientView struct {
	ID       string             `json:"client_id"`
	Source   oauth.ClientSource `json:"source"`
	Created  time.Time          `json:"created,omitzero"`
	LastUsed time.Time          `json:"last_used,omitzero"`
	// Serves are the resources whose tokens it may ask about.
	Serves []string `json:"serves,omitempty"`
	oauth.ClientMetadata
}

func viewClient(c oauth.Client) clientView {
	return clientView{ID: c.ID, Source: c.Source, Created: c.Created, LastUsed: c.LastUsed, Serves: c.Serves, ClientMetadata: c.Metadata}
}

type clientsList struct {
	which
	asked
}

func (c clientsList) Run(ctx context.Context, t terminal) error {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	found, err := all(func(after string) ([]oauth.Client, string, error) {
		page, err := in.store.Clients(ctx, after, pageSize)
		return page, lastID(page, func(c oauth.Client) string { return c.ID }), err
	})
	if err != nil {
		return err
	}
	found = append(in.config.PreRegistered(), found...)
	values, rows := []clientView{}, [][]string{}
	for _, client := range found {
		values = append(values, viewClient(client))
		rows = append(rows, []string{client.ID, client.Metadata.ClientName, string(client.Source),
			client.Metadata.TokenEndpointAuthMethod, when(client.LastUsed)})
	}
	return c.show(t, values, []string{"CLIENT ID", "NAME", "FROM", "AUTHENTICATES BY", "LAST USED"}, rows)
}

// oneClient is a command about a client.
type oneClient struct {
	which
	ClientID string `arg:"" name:"client-id"`
}

func (c oneClient) find(ctx context.Context, t terminal) (*installation, oauth.Client, error) {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return nil, oauth.Client{}, err
	}
	client, err := findClient(ctx, in, c.ClientID)
	if err != nil {
		in.close()
	}
	if errors.Is(err, store.ErrNotFound) {
		err = hint(fmt.Errorf("there is no client %s", c.ClientID), "sallyport clients list shows them")
	}
	return in, client, err
}

// findClient looks in the settings, then in the database, as the server does.
func findClient(ctx context.Context, in *installation, id string) (oauth.Client, error) {
	for _, client := range in.config.PreRegistered() {
		if client.ID == id {
			return client, nil
		}
	}
	return in.store.Client(ctx, id)
}

type clientsShow struct {
	asked
	oneClient
}

func (c clientsShow) Run(ctx context.Context, t terminal) error {
	in, client, err := c.find(ctx, t)
	if err != nil {
		return err
	}
	defer in.close()
	m := client.Metadata
	rows := [][]string{
		{"client id", client.ID}, {"name", m.ClientName}, {"from", string(client.Source)}, {"authenticates by", m.TokenEndpointAuthMethod},
		{"redirect URIs", strings.Join(m.RedirectURIs, " ")}, {"grant types", strings.Join(m.GrantTypes, " ")},
		{"scope at most", m.Scope}, {"asks about", strings.Join(client.Serves, " ")},
		{"created", when(client.Created)}, {"last used", when(client.LastUsed)},
	}
	return c.pairs(t, viewClient(client), rows)
}

type clientsRemove struct{ oneClient }

func (c clientsRemove) Run(ctx context.Context, t terminal) error {
	in, client, err := c.find(ctx, t)
	if err != nil {
		return err
	}
	defer in.close()
	if client.Created.IsZero() {
		return hint(fmt.Errorf("%s stands in the settings file", client.ID), "take it out there and start the server again")
	}
	if err := in.store.RemoveClient(ctx, client.ID); err != nil {
		return err
	}
	if err := record(ctx, in, store.Event{Kind: store.ClientRemoved, ClientID: client.ID}); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s is forgotten, and what people allowed it has ended.\n", client.ID)
	return nil
}
