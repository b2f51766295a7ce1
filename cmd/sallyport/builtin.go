package main

import (
	"net/http"
	"net/netip"

	"github.com/sallyport-dev/sallyport/apps/chess"
	"github.com/sallyport-dev/sallyport/apps/demo"
	"github.com/sallyport-dev/sallyport/apps/github"
	"github.com/sallyport-dev/sallyport/apps/intent"
	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/internal/weblog"
)

// builtIn makes the server that a resource names as its app; the settings know
// which there are.
func (d *door) builtIn(settings config.Resource) (http.Handler, error) {
	own := serving.OwnOf(settings.Connection.Login)
	switch settings.BuiltIn {
	case "chess":
		return d.chess(settings), nil
	case "github":
		return github.New(github.Options{Version: versionText(), API: d.in.config.GitHubAPI(settings.Connection.Login), Token: own.Token, Refused: own.Refused, Needs: settings.ToolScopes})
	case "intent":
		return intent.New(intent.Options{
			Version: versionText(), API: settings.Backend, Patience: settings.BackendTime, Token: own.Token, Refused: own.Refused, Needs: settings.ToolScopes,
		})
	}
	return demo.New(demo.Options{Version: versionText(), Needs: settings.ToolScopes}), nil
}

// chess keeps people's games in the installation's database.
func (d *door) chess(settings config.Resource) http.Handler {
	c := chess.New(chess.Options{
		Version: versionText(), Games: d.in.store, Needs: settings.ToolScopes, Log: d.log.With("resource", settings.Name),
		Address: func(r *http.Request) netip.Addr { return weblog.From(r.Context()).From() },
	})
	d.boards = append(d.boards, c)
	return c
}
