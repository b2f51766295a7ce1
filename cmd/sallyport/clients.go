package main

import (
	"context"
	"errors"
	"fmt"
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
	RedirectURI  []string `required:"" placeholder:"URI" help:"Where answers may go; give it again for more."`
	Confidential bool     `help:"Give it a secret, which is printed once."`
	ID           string   `name:"client-id" help:"The client id; made when it is not given."`
}

func (c clientsAdd) Run(ctx context.Context, t terminal) error {
	in, err := openFor(ctx, t, c.which, true)
	if err != nil {
		return err
	}
	defer in.close()
	added := oauth.Client{ID: c.ID, Source: oauth.FromSettings, Created: time.Now(), LastUsed: time.Now()}
	asked := oauth.ClientMetadata{ClientName: c.Name, RedirectURIs: c.RedirectURI, TokenEndpointAuthMethod: oauth.AuthNone}
	var secret oauth.Secret
	if c.Confidential {
		secret = oauth.NewSecret(oauth.ClientSecret)
		added.SecretDigest, asked.TokenEndpointAuthMethod = secret.Digest(), oauth.AuthBasic
	}
	for _, uri := range c.RedirectURI {
		if err := oauth.CheckRedirectURI(uri, in.config.Registration.PrivateSchemes); err != nil {
			return fmt.Errorf("%s: %w", uri, plainly(err))
		}
	}
	if added.Metadata, err = asked.Complete(in.config.Registration.PrivateSchemes); err != nil {
		return plainly(err)
	}
	if added.ID == "" {
		added.ID = oauth.NewID("sp_cl_")
	}
	if _, err := in.store.Client(ctx, added.ID); err == nil {
		return hint(fmt.Errorf("there is a client %s already", added.ID), "sallyport clients show %s", added.ID)
	}
	if _, err := in.store.Register(ctx, added); err != nil {
		return err
	}
	if err := record(ctx, in, store.Event{Kind: "client.added", ClientID: added.ID}); err != nil {
		return err
	}
	return c.print(t, added.ID, secret)
}

func (c clientsAdd) print(t terminal, id string, secret oauth.Secret) error {
	values := map[string]string{"client_id": id}
	rows := [][]string{{"client_id", id}}
	if secret != "" {
		values["client_secret"] = string(secret)
		rows = append(rows, []string{"client_secret", string(secret) + "   (not shown again)"})
	}
	return c.show(t.out, values, rows[0], rows[1:])
}

// A clientView is a client as programs read it.
type clientView struct {
	ID       string             `json:"client_id"`
	Source   oauth.ClientSource `json:"source"`
	Created  time.Time          `json:"created"`
	LastUsed time.Time          `json:"last_used"`
	oauth.ClientMetadata
}

func viewClient(c oauth.Client) clientView {
	return clientView{ID: c.ID, Source: c.Source, Created: c.Created, LastUsed: c.LastUsed, ClientMetadata: c.Metadata}
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
	return c.show(t.out, values, []string{"CLIENT ID", "NAME", "FROM", "AUTHENTICATES BY", "LAST USED"}, rows)
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
	for _, client := range in.config.PreRegistered() {
		if client.ID == c.ClientID {
			return in, client, nil
		}
	}
	client, err := in.store.Client(ctx, c.ClientID)
	if err != nil {
		in.close()
	}
	if errors.Is(err, store.ErrNotFound) {
		err = hint(fmt.Errorf("there is no client %s", c.ClientID), "sallyport clients list shows them")
	}
	return in, client, err
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
		{"name", m.ClientName}, {"from", string(client.Source)}, {"authenticates by", m.TokenEndpointAuthMethod},
		{"redirect URIs", strings.Join(m.RedirectURIs, " ")}, {"grant types", strings.Join(m.GrantTypes, " ")},
		{"created", when(client.Created)}, {"last used", when(client.LastUsed)},
	}
	return c.show(t.out, viewClient(client), []string{"client id", client.ID}, rows)
}

type clientsRemove struct{ oneClient }

func (c clientsRemove) Run(ctx context.Context, t terminal) error {
	in, client, err := c.find(ctx, t)
	if err != nil {
		return err
	}
	defer in.close()
	if len(in.config.PreRegistered()) > 0 && client.Created.IsZero() {
		return hint(fmt.Errorf("%s stands in the settings file", client.ID), "take it out there and start the server again")
	}
	if err := in.store.RemoveClient(ctx, client.ID); err != nil {
		return err
	}
	if err := record(ctx, in, store.Event{Kind: "client.removed", ClientID: client.ID}); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s is forgotten, and what people allowed it has ended.\n", client.ID)
	return nil
}
