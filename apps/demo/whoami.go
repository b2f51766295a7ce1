package demo

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/resource"
)

type whoAmIOut struct {
	SignedIn bool     `json:"signed_in"`
	Subject  string   `json:"subject,omitempty" jsonschema:"who the token speaks for; never changes"`
	Username string   `json:"username,omitempty"`
	Name     string   `json:"name,omitempty"`
	Email    string   `json:"email,omitempty"`
	ClientID string   `json:"client_id,omitempty" jsonschema:"the client that the person allowed"`
	Grant    string   `json:"grant,omitempty" jsonschema:"what the person agreed to; revoking it ends the access"`
	Scopes   []string `json:"scopes" jsonschema:"what the client may do here"`
	Expires  string   `json:"expires,omitempty" jsonschema:"until when the access token is good, RFC 3339"`
	Issuer   string   `json:"issuer,omitempty" jsonschema:"who says so"`
	Resource string   `json:"resource,omitempty" jsonschema:"for which MCP server"`
	Program  string   `json:"program,omitempty" jsonschema:"what the client calls itself; anyone can call themselves anything"`
	Protocol string   `json:"protocol,omitempty" jsonschema:"the version of MCP that is spoken"`
}

func (d *demo) whoAmI(ctx context.Context, req *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, whoAmIOut, error) {
	out := whoAmIOut{Scopes: []string{}, Protocol: req.ProtocolVersion()}
	if info := req.ClientInfo(); info != nil {
		out.Program = strings.TrimSpace(info.Name + " " + info.Version)
	}
	c, ok := serving.Person(ctx)
	if !ok {
		return serving.Says("Nobody is signed in."), out, nil
	}
	out.SignedIn = true
	out.Subject, out.Username, out.Name, out.Email = c.Subject, c.Username, c.Name, c.Email
	out.ClientID, out.Grant = c.ClientID, c.GrantID
	out.Issuer, out.Resource = c.Issuer, c.Resource
	out.Scopes = append(out.Scopes, c.Scope...)
	out.Expires = rfc3339(c.Expires)
	return serving.Says("%s", d.introduce(c)), out, nil
}

func (d *demo) introduce(c resource.Caller) string {
	var text strings.Builder
	fmt.Fprintf(&text, "You are %s", cmp.Or(c.Name, c.Username, c.Subject))
	if c.Name != "" && c.Username != "" {
		fmt.Fprintf(&text, " (%s)", c.Username)
	}
	fmt.Fprintf(&text, ".\nYou allowed the client %s to act for you", cmp.Or(c.ClientID, "that asks"))
	if c.Resource != "" {
		fmt.Fprintf(&text, " at %s", c.Resource)
	}
	fmt.Fprintf(&text, ".\nIt may use: %s.", cmp.Or(strings.Join(c.Scope, ", "), "nothing"))
	if !c.Expires.IsZero() {
		fmt.Fprintf(&text, "\nIts access token is good until %s (%s).", rfc3339(c.Expires), left(c.Expires.Sub(d.now())))
	}
	return text.String()
}

func left(t time.Duration) string {
	switch {
	case t <= 0:
		return "over"
	case t < time.Minute:
		return "less than a minute left"
	case t < 2*time.Minute:
		return "1 minute left"
	case t < 2*time.Hour:
		return fmt.Sprintf("%d minutes left", int(t.Minutes()))
	}
	return fmt.Sprintf("%d hours left", int(t.Hours()))
}
