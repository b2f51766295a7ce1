package demo

import (
	"context"
	_ "embed" // the page

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/apps/widget"
)

//go:embed widgets/dist/who.html
var whoHTML string

// whoPage shows what whoami says, and has a button that asks for [ScopeWrite].
func whoPage() widget.Page {
	return widget.Page{
		URI: "ui://widget/who.html", Name: "who", Title: "Who is signed in", HTML: whoHTML, Border: true,
		Description: "Shows who is signed in, through which client, with which permissions and for how long. " +
			"Do not repeat it; say in one sentence what can be done next.",
	}
}

// resourceOf is where this server is found from outside, as the token says.
func resourceOf(ctx context.Context) string {
	c, _ := serving.Person(ctx)
	return c.Resource
}
