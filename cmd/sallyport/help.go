package main

import (
	"net/http"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/oauth"
)

// showResource tells a person who opened the MCP URL in a browser what it is,
// and how to add it to each client. A browser that goes to a page says so; what
// only asks for one may be a program, and is told that it needs a token. It is
// the same page.
func (d *door) showResource(w http.ResponseWriter, r *http.Request, at oauth.ProtectedResource) {
	status := http.StatusUnauthorized
	if r.Header.Get("Sec-Fetch-Mode") == "navigate" {
		status = http.StatusOK
	}
	d.pages.Resource(w, status, d.help()[at.ID])
}

// helpPages are the help pages of all resources, by their IDs.
func helpPages(resources []oauth.ProtectedResource) map[string]pages.ResourcePage {
	clients := clientbook.Clients()
	all := map[string]pages.ResourcePage{}
	for _, r := range resources {
		view := pages.ResourcePage{Title: r.Title, URL: r.ID, AccountURL: "/account", Guides: guides(clients, r)}
		defaults := r.Defaults()
		for _, s := range r.Scopes {
			view.Scopes = append(view.Scopes, pages.ScopeLine{
				Name: s.Name, Title: s.Title, Description: s.Description, Optional: !defaults.Has(s.Name)})
		}
		all[r.ID] = view
	}
	return all
}

// guides are what the client book says of a resource.
func guides(clients []clientbook.Client, r oauth.ProtectedResource) []pages.Guide {
	var all []pages.Guide
	for _, c := range clients {
		add := c.Guide(clientbook.Server{Name: r.Name, URL: r.ID})
		g := pages.Guide{Client: c.Name, Hosted: c.Runs == clientbook.Hosted, Link: add.Link}
		for _, step := range add.Steps {
			g.Steps = append(g.Steps, pages.GuideStep(step))
		}
		for _, trouble := range c.Troubles {
			g.Troubles = append(g.Troubles, pages.GuideTrouble(trouble))
		}
		all = append(all, g)
	}
	return all
}
