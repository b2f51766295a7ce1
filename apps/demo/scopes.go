package demo

import "github.com/sallyport-dev/sallyport/oauth"

// The two scopes of the demo.
const (
	ScopeRead  = "demo:read"
	ScopeWrite = "demo:write"
)

// Scopes is what people read on the consent page of the demo.
func Scopes() []oauth.ScopeInfo {
	return []oauth.ScopeInfo{
		{
			Name: ScopeRead, Title: "See who you are and your demo items", Default: true,
			Description: "Read your name, your username and e-mail address, and the items that the demo keeps for you.",
		},
		{
			Name: ScopeWrite, Title: "Change your demo items", Default: true, Implies: []string{ScopeRead},
			Description: "Complete, reopen and rename the items that the demo keeps for you.",
		},
	}
}

// ToolScopes is what each tool of the demo needs.
func ToolScopes() map[string]oauth.Scope {
	read, write := oauth.NewScope(ScopeRead), oauth.NewScope(ScopeWrite)
	return map[string]oauth.Scope{
		toolEcho: read, toolWhoAmI: read, toolItems: read, toolCount: read, toolAct: write,
	}
}
