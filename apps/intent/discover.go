package intent

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/sync/errgroup"

	"github.com/sallyport-dev/sallyport/apps/serving"
)

type discoverIn struct {
	FullInputText  string `json:"fullInputText" jsonschema:"what the person said, word for word"`
	MaxConnections int    `json:"maxConnections,omitempty" jsonschema:"how many people at most"`
}

type user struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty" jsonschema:"the https URL of a picture"`
}

type connection struct {
	User      user   `json:"user"`
	Mutual    int    `json:"mutualIntentCount"`
	Synthesis string `json:"synthesis" jsonschema:"what the two have in common; empty where it is not known"`
}

type discoverOut struct {
	Connections []connection `json:"connections"`
	Extracted   int          `json:"intentsExtracted"`
	Found       int          `json:"connectionsFound"`
}

// The API is asked for so many syntheses, and for so many at a time.
const (
	maxSyntheses = 5
	atATime      = 2
)

func (d *discovery) discoverConnections(ctx context.Context, _ *mcp.CallToolRequest, in discoverIn) (*mcp.CallToolResult, discoverOut, error) {
	out := discoverOut{Connections: []connection{}}
	const failed = "Failed to discover connections"
	s, got, err := d.extracted(ctx, extractIn{FullInputText: in.FullInputText})
	if err != nil {
		return nil, out, inWords(err, failed)
	}
	s.remember(ctx, got.Intents)
	out.Extracted = len(got.Intents)
	if out.Extracted == 0 {
		return serving.Says("Nothing that the person is looking for was found in what they said, so there is nobody to look for."), out, nil
	}
	var ids []string
	for _, i := range got.Intents {
		ids = append(ids, i.ID)
	}
	people, err := s.matches(ctx, ids, in.MaxConnections)
	if err != nil {
		return nil, out, inWords(err, failed)
	}
	out.Connections, out.Found = s.connections(ctx, people, ids), len(people)
	if out.Found == 0 {
		return serving.Says("Found %d intents, and nobody else who looks for the same yet.", out.Extracted), out, nil
	}
	var text strings.Builder
	for _, c := range out.Connections {
		fmt.Fprintf(&text, "- %s (id: %s), %d in common", c.User.Name, c.User.ID, c.Mutual)
		if c.Synthesis != "" {
			fmt.Fprintf(&text, ": %s", c.Synthesis)
		}
		text.WriteString("\n")
	}
	return serving.Says("Found %d people:\n%s", out.Found, text.String()), out, nil
}

// connections says of the first few what they have in common with the person.
// Where the API does not say, nothing stands there: the people are what counts.
func (s session) connections(ctx context.Context, people []match, intents []string) []connection {
	all := make([]connection, len(people))
	var group errgroup.Group
	group.SetLimit(atATime)
	for i, p := range people {
		all[i] = connection{User: user{ID: p.User.ID, Name: p.User.Name, Avatar: picture(p.User.Avatar)}, Mutual: len(p.Intents)}
		if i < maxSyntheses {
			group.Go(func() error {
				all[i].Synthesis, _ = s.synthesis(ctx, p.User.ID, intents)
				all[i].Synthesis = first(all[i].Synthesis, section)
				return nil
			})
		}
	}
	_ = group.Wait() // none of them fails
	return all
}

// picture is an avatar that a widget can show, or none.
func picture(raw string) string {
	if u, err := url.Parse(raw); err != nil || u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return raw
}

type actIn struct {
	Action string `json:"action"`
	UserID string `json:"userId" jsonschema:"the id of a person, as discover_connections gives it"`
}

type actOut struct {
	Status string `json:"connectionStatus"`
}

func (d *discovery) connectionAction(ctx context.Context, _ *mcp.CallToolRequest, in actIn) (*mcp.CallToolResult, actOut, error) {
	s, err := d.begin(ctx)
	if err != nil {
		return nil, actOut{}, err
	}
	status, err := s.act(ctx, in.Action, in.UserID)
	if err != nil {
		return nil, actOut{}, inWords(err, "Failed to act on the connection")
	}
	return serving.Says("The connection is now: %s.", status), actOut{status}, nil
}
