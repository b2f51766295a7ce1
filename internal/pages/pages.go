package pages

import (
	"bytes"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// A Site is what the operator says about their server.
type Site struct {
	// Name stands at the top of every page: "Acme". Empty: "Sallyport".
	Name string
	// LogoURL is a path on this server, a URL below PublicURL, or a base64
	// data: URL of an image; pages make no request to anyone else. Empty: none.
	LogoURL string
	// Accent is the colour of what can be pressed, #rgb or #rrggbb. Any colour
	// will do: where it is read as text it is shaded until it can be read.
	// Empty: a dark teal.
	Accent string
	// PublicURL is the issuer.
	PublicURL string
}

// Pages draws the pages of one site. It is safe for concurrent use.
type Pages struct {
	site   chrome
	drawn  map[string]*template.Template
	assets []asset
}

// chrome is what surrounds every page.
type chrome struct {
	Name       string
	Logo       template.URL
	Stylesheet string
	Mark       string
	copying    string // scripts
	asking     string
	privy      string
	Host       string // of the issuer, with its port
}

//go:embed templates/*.html style.css mark.svg copy.js passkey.js privy/dist/privy.js
var files embed.FS

var pageNames = []string{
	"signin", "firstrun", "connect", "connected", "consent", "problem", "signedout", "welcome",
	"account", "confirmrevoke", "passkeys", "confirmpasskey", "confirmway", "resource", "privy",
}

// New prepares the pages. The error names the member of site that is wrong.
func New(site Site) (*Pages, error) {
	public, err := url.Parse(site.PublicURL)
	if err != nil || public.Host == "" {
		return nil, fmt.Errorf("pages: PublicURL %q is not an absolute URL", site.PublicURL)
	}
	logo, err := logoURL(site.LogoURL, site.PublicURL)
	if err != nil {
		return nil, err
	}
	colours, err := shades(site.Accent)
	if err != nil {
		return nil, err
	}
	p := &Pages{drawn: map[string]*template.Template{}}
	if p.assets, err = loadAssets(colours); err != nil {
		return nil, err
	}
	p.site = chrome{
		Name:       site.Name,
		Logo:       logo,
		Stylesheet: p.assets[0].path(),
		Mark:       p.assets[1].path(),
		copying:    p.assets[2].path(),
		asking:     p.assets[3].path(),
		privy:      p.assets[4].path(),
		Host:       public.Host,
	}
	if p.site.Name == "" {
		p.site.Name = "Sallyport"
	}
	return p, p.parse()
}

// parse reads one template set per page: the frame, the parts, and the page.
func (p *Pages) parse() error {
	frame, err := template.New("frame.html").Funcs(functions).ParseFS(files, "templates/frame.html", "templates/parts.html")
	if err != nil {
		return err
	}
	for _, name := range pageNames {
		set, err := frame.Clone()
		if err != nil {
			return err
		}
		if p.drawn[name], err = set.ParseFS(files, "templates/"+name+".html"); err != nil {
			return err
		}
	}
	return nil
}

var imageData = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+=*$`)

// logoURL lets pass what the content security policy lets the browser load.
func logoURL(raw, publicURL string) (template.URL, error) {
	switch {
	case raw == "", imageData.MatchString(raw):
		return template.URL(raw), nil
	case strings.HasPrefix(raw, publicURL+"/"), strings.HasPrefix(raw, "/") && !strings.HasPrefix(raw, "//"):
		if u, err := url.Parse(raw); err == nil {
			return template.URL(u.String()), nil
		}
	}
	return "", errors.New("pages: LogoURL is neither a path on this server nor a base64 data: URL of an image")
}

// A reach says which pages a page may be connected to, and whether its script
// runs.
type reach int

const (
	// onTheWay pages are steps of a connection that ends at a client.
	onTheWay reach = 0
	// atHome pages never leave this server.
	atHome reach = 1
	// copies is said besides, of pages with text to copy. No page onTheWay is
	// one.
	copies reach = 2
	// asksDevices is said besides, of pages with a [PasskeyForm]: of those
	// onTheWay the one where people sign in. Where they allow, nothing runs.
	asksDevices reach = 4
	// runsPrivy is said besides, of the page with Privy's login, whose script speaks with
	// Privy.
	runsPrivy reach = 8
)

// A drawing is one page, ready to be drawn.
type drawing struct {
	page  string // of pageNames
	title string // before the site's name in the tab
	reach reach
	view  any
}

// frame is what templates/frame.html reads.
type frame struct {
	Site   chrome
	Title  string
	Script string // its path; empty: the page has none
	Nonce  string // of the script
	View   any
}

func (p *Pages) draw(w http.ResponseWriter, status int, d drawing) {
	var b bytes.Buffer
	f := frame{Site: p.site, Title: d.title, View: d.view}
	switch {
	case d.reach&copies != 0:
		f.Script, f.Nonce = p.site.copying, rand.Text()
	case d.reach&asksDevices != 0:
		f.Script, f.Nonce = p.site.asking, rand.Text()
	case d.reach&runsPrivy != 0:
		f.Script, f.Nonce = p.site.privy, rand.Text()
	}
	if err := p.drawn[d.page].Execute(&b, f); err != nil {
		// The templates are tested with everything they can be given, so this is
		// a page that no test has seen; half of it is worse than none.
		setHeaders(w.Header(), atHome, "", "")
		http.Error(w, "The page could not be drawn. Nothing was changed.", http.StatusInternalServerError)
		return
	}
	with := "" // the origin that the script speaks with
	if v, ok := d.view.(Privy); ok {
		with = v.At
	}
	setHeaders(w.Header(), d.reach, f.Nonce, with)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	b.WriteTo(w)
}

const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"

// setHeaders sets what keeps a page to itself.
//
// draft-ietf-oauth-v2-1 §7.10: "Authorization servers MUST prevent clickjacking
// attacks." Both headers say so, for browsers that know one of them only.
func setHeaders(h http.Header, r reach, nonce, with string) {
	policy := policy
	if nonce != "" {
		// One script, by a nonce that is new with every page: 'self' would let
		// every file of this origin run, and MCP servers answer there too.
		policy += "; script-src 'nonce-" + nonce + "'"
	}
	if with != "" {
		policy += "; connect-src " + with
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	// With no-referrer a browser posts our own forms with "Origin: null"; who
	// checks for cross-site requests goes by Sec-Fetch-Site.
	h.Set("Referrer-Policy", "no-referrer")
	if r&runsPrivy != 0 {
		// Its form has to say from which page it comes, and nobody else is told.
		h.Set("Referrer-Policy", "same-origin")
	}
	if r&atHome == 0 {
		// No form-action here. Chrome applies it to every redirect that follows
		// a form, so 'self' makes Allow a dead button: the answer goes to the
		// client's redirect URI, through hosts and schemes that nobody can list.
		//
		// No Cross-Origin-Opener-Policy either, not even
		// same-origin-allow-popups. Clients open this page in a popup and wait
		// for their own callback page to speak to window.opener; any value here
		// cuts that link for good.
		h.Set("Content-Security-Policy", policy)
		return
	}
	h.Set("Content-Security-Policy", policy+"; form-action 'self'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}
