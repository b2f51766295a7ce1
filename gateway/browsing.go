package gateway

import (
	"net/http"
	"strconv"
	"strings"
)

// isBrowsing reports whether a person opened the URL in a browser: a GET without
// a token that would rather have a page than JSON, and does not wait for events.
func isBrowsing(r *http.Request) bool {
	if r.Method != http.MethodGet || len(r.Header["Authorization"]) > 0 {
		return false
	}
	accept := strings.Join(r.Header["Accept"], ",")
	page := weight(accept, "text/html")
	return page > 0 && page >= weight(accept, "application/json") && weight(accept, "text/event-stream") == 0
}

// weight is how much a media type is wanted, 0 to 1, where an Accept header
// names it. A wildcard names nothing: programs send it. RFC 9110 §12.5.1.
func weight(accept, mediaType string) float64 {
	for member := range strings.SplitSeq(accept, ",") {
		name, parameters, _ := strings.Cut(member, ";")
		if !strings.EqualFold(strings.TrimSpace(name), mediaType) {
			continue
		}
		for parameter := range strings.SplitSeq(parameters, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			if !strings.EqualFold(key, "q") {
				continue
			}
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return q
		}
		return 1
	}
	return 0
}
