package demo

import (
	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

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

// Scopes is what people read of the scopes.
func Scopes() []oauth.ScopeInfo {
	return []oauth.ScopeInfo{
		{Name: ScopeRead, Title: "See who you are and read the demo's items", Default: true},
		{Name: ScopeWrite, Title: "Act on the demo's items"},
	}
}

// Tools is what a guard has to know of the tools.
func Tools() map[string]resource.Tool { return serving.Tools(ToolScopes()) }
