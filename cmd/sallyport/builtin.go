package main

import (
	"net/http"

	"github.com/sallyport-dev/sallyport/apps/chess"
	"github.com/sallyport-dev/sallyport/apps/demo"
	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/oauth"
)

// builtIn makes the server that a resource names as its app; the settings know
// which there are.
func (d *door) builtIn(settings config.Resource) http.Handler {
	if settings.BuiltIn == "chess" {
		return d.chess(settings)
	}
	return demo.New(demo.Options{Version: versionText()})
}

// chess keeps people's games in the installation's database. What the settings ask
// for where somebody looks at their own game is what the tools that the gateway
// lets everybody call ask for as well.
func (d *door) chess(settings config.Resource) http.Handler {
	own, _ := settings.ToolScopes("status")
	c := chess.New(chess.Options{
		Version: versionText(), Games: d.in.store, OwnGame: append(oauth.Scope{}, own...), Log: d.log.With("resource", settings.Name),
	})
	d.boards = append(d.boards, c)
	return c
}
