package config

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// longestSiteName is in characters: at the top of a page on a phone there is
// room for no more.
const longestSiteName = 60

var (
	accent    = regexp.MustCompile(`^#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$`)
	imageData = regexp.MustCompile(`^data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+=*$`)
)

func (k *check) site() {
	s := k.Site
	switch {
	case strings.TrimSpace(s.Name) == "":
		k.say("site.name", "is empty", "write your own name, or remove the line to have Sallyport")
	case strings.Contains(s.Name, "\n"):
		k.say("site.name", "has several lines", "write one")
	case utf8.RuneCountInString(s.Name) > longestSiteName:
		k.say("site.name", "is longer than 60 characters", "shorten it")
	}
	if s.LogoURL != "" && !k.mayBeLogo(s.LogoURL) {
		k.say("site.logo_url", "is neither a path on this host nor a base64 data: URL of an image", "write /logo.svg, or data:image/svg+xml;base64, and the image; other hosts are never asked")
	}
	if s.Accent != "" && !accent.MatchString(s.Accent) {
		k.say("site.accent", "is "+k.quote("site.accent", s.Accent)+", which is not a colour", `write it in quotes, such as "#0f6674"`)
	}
}

// mayBeLogo goes by what the content security policy of the pages lets a
// browser load.
func (k *check) mayBeLogo(raw string) bool {
	if imageData.MatchString(raw) {
		return true
	}
	path, onThisHost := strings.CutPrefix(raw, k.PublicURL+"/")
	if !onThisHost {
		path, onThisHost = strings.CutPrefix(raw, "/")
	}
	_, err := url.Parse(raw)
	return onThisHost && !strings.HasPrefix(path, "/") && err == nil
}
