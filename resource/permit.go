package resource

import (
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A Tool says what calling it needs.
type Tool struct {
	Scopes oauth.Scope // all of them; empty: any valid token
	Public bool        // callable without a token, whatever Scopes says
}

// A need is what an operation asks of its caller.
type need struct {
	scope  oauth.Scope
	public bool // no token is needed
}

// needOf decides what a whole body needs. A batch needs what all of its
// elements need together, and is public if each of them is.
func (g *Guard) needOf(env envelope) need {
	whole := need{public: true}
	for _, m := range env.messages {
		n := g.needOfMessage(m)
		whole.public = whole.public && n.public
		switch {
		case len(n.scope) == 0:
		case len(whole.scope) == 0:
			whole.scope = n.scope
		default:
			whole.scope = whole.scope.Union(n.scope)
		}
	}
	return whole
}

func (g *Guard) needOfMessage(m message) need {
	if m.method != "tools/call" {
		return need{public: g.anyPublic && (isOpening(m.method) || isPage(m))}
	}
	tool, listed := g.tools[m.name]
	switch {
	case !listed:
		return need{scope: g.defaultScopes}
	case tool.Public:
		return need{public: true}
	}
	return need{scope: tool.Scopes}
}

// isOpening reports whether a method belongs to finding a public tool. Where a
// tool is public, these have to be as well, or nobody could get to it.
func isOpening(method string) bool {
	switch method {
	case "initialize", "ping", "tools/list", "server/discover", "logging/setLevel":
		return true
	}
	return strings.HasPrefix(method, "notifications/")
}

// isPage reports whether a message reads the page on which hosts show a tool's
// result. A public tool would have none otherwise, and a page is for everyone.
//
// MCP Apps 2026-01-26: "Separate template (static) from data (dynamic)", and
// "Host MAY prefetch and cache UI resource content".
func isPage(m message) bool {
	return m.method == "resources/read" && strings.HasPrefix(m.uri, "ui://")
}

// permit decides on a body, with the caller's token already verified: expiry
// comes before scope, or a client whose token has both expired and too little
// scope asks for more instead of refreshing.
func (g *Guard) permit(c *Caller, env envelope, version string) error {
	n := g.needOf(env)
	if c.Anonymous {
		if n.public {
			return nil
		}
		return &challenge{refusal: noToken(), bare: true, scope: g.baseline.Union(n.scope)}
	}
	// MCP 2026-07-28, authorization: "Servers MUST account for scope hierarchies,
	// where a broader scope implies narrower ones".
	if c.Scope.Covers(n.scope) || g.resource.Expand(c.Scope).Covers(n.scope) {
		return nil
	}
	ask := n.scope
	if !isModern(version) {
		// Clients of older versions ask for exactly what the challenge names, and
		// would lose what they have: MCP 2025-11-25, scope challenge handling,
		// recommends to name both. Newer clients add up themselves.
		ask = ask.Union(c.Scope).Without(oauth.Scope{oauth.OfflineAccess})
	}
	return &challenge{
		refusal: oauth.Refuse(oauth.InsufficientScope, "the access token does not permit this operation; ask for the scopes named"),
		scope:   ask, caller: c,
	}
}
