package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// An asset is a file that a page refers to. Its hash is in its address, so that
// it can be cached for ever and still changes at once.
type asset struct {
	name, ext   string
	contentType string
	body        []byte
}

func (a asset) path() string {
	sum := sha256.Sum256(a.body)
	return "/assets/" + a.name + "-" + hex.EncodeToString(sum[:8]) + a.ext
}

// loadAssets returns the stylesheet, with the operator's colours in it, the mark, and the
// scripts: the one that copies, the one that asks devices, and Privy's. A strict content
// security policy allows no inline style, so colours that differ between sites are part of
// the stylesheet and of its hash.
func loadAssets(colours string) ([]asset, error) {
	style, err := files.ReadFile("style.css")
	if err != nil {
		return nil, err
	}
	mark, err := files.ReadFile("mark.svg")
	if err != nil {
		return nil, err
	}
	script, err := files.ReadFile("copy.js")
	if err != nil {
		return nil, err
	}
	passkeys, err := files.ReadFile("passkey.js")
	if err != nil {
		return nil, err
	}
	privy, err := files.ReadFile("privy/dist/privy.js")
	if err != nil {
		return nil, err
	}
	return []asset{
		{"sallyport", ".css", "text/css; charset=utf-8", append([]byte(colours), style...)},
		{"mark", ".svg", "image/svg+xml", mark},
		{"copy", ".js", "text/javascript; charset=utf-8", script},
		{"passkey", ".js", "text/javascript; charset=utf-8", passkeys},
		{"privy", ".js", "text/javascript; charset=utf-8", privy},
	}, nil
}

// Assets serves what the pages refer to, below /assets/.
func (p *Pages) Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		for _, a := range p.assets {
			if !strings.HasPrefix(r.URL.Path, "/assets/"+a.name+"-") || !strings.HasSuffix(r.URL.Path, a.ext) {
				continue
			}
			// While an upgrade rolls out, a page of one version may ask a
			// replica of another. It gets the file that is here, which fits well
			// enough, but keeps it for this once.
			w.Header().Set("Cache-Control", "no-store")
			if r.URL.Path == a.path() {
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			}
			w.Header().Set("Content-Type", a.contentType)
			w.Write(a.body)
			return
		}
		http.NotFound(w, r)
	})
}
