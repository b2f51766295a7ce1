package demo

import "github.com/sallyport-dev/sallyport/oauth"

// The two scopes of the demo. What people read about them stands in the
// settings, which whoever guards the demo may write anew.
const (
	ScopeRead  = "demo:read"
	ScopeWrite = "demo:write"
)

// ToolScopes is what each tool of the demo needs.
func ToolScopes() map[string]oauth.Scope {
	read, write := oauth.NewScope(ScopeRead), oauth.NewScope(ScopeWrite)
	return map[string]oauth.Scope{
		toolEcho: read, toolWhoAmI: read, toolItems: read, toolCount: read, toolAct: write,
	}
}
