package pages

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Host returns a host the way it is shown: in lower case, and every label that
// is not ASCII in its punycode form, so that no two hosts look the same. What
// cannot be encoded is returned as it is, for [Visible] to mark.
func Host(host string) string {
	if !utf8.ValidString(host) {
		return host
	}
	labels := strings.Split(strings.ToLower(host), ".")
	for i, label := range labels {
		if encoded, ok := punycode(label); ok {
			labels[i] = encoded
		}
	}
	return strings.Join(labels, ".")
}

// The parameters of RFC 3492 §5.
const (
	base, tMin, tMax, skew, damp = 36, 1, 26, 38, 700
	initialBias, firstNonASCII   = 72, 0x80
	punycodeDigits, longestLabel = "abcdefghijklmnopqrstuvwxyz0123456789", 63
	acePrefix                    = "xn--"
)

// punycode encodes a label that is not ASCII, RFC 3492 §6.3, with the prefix of
// RFC 5890 §2.3.2.1. It maps nothing but case: it is for looking, not for
// looking up. ok is false for ASCII labels and for those that are too long.
func punycode(label string) (encoded string, ok bool) {
	runes := []rune(label)
	var out []byte
	for _, r := range runes {
		if r < firstNonASCII {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	// A label longer than DNS allows is no name, and the work is quadratic.
	if basic == len(runes) || len(runes) > longestLabel {
		return "", false
	}
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(firstNonASCII), 0, initialBias
	for handled := basic; handled < len(runes); {
		next := smallestFrom(runes, n)
		delta += int(next-n) * (handled + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r == n {
				out = appendDelta(out, delta, bias)
				bias = adapt(delta, handled+1, handled == basic)
				delta = 0
				handled++
			}
		}
		delta++
		n++
	}
	return acePrefix + string(out), true
}

func smallestFrom(runes []rune, n rune) rune {
	least := rune(unicode.MaxRune)
	for _, r := range runes {
		if r >= n && r < least {
			least = r
		}
	}
	return least
}

// appendDelta writes one delta as a variable-length integer. RFC 3492 §3.3.
func appendDelta(out []byte, delta, bias int) []byte {
	for k := base; ; k += base {
		t := min(max(k-bias, tMin), tMax)
		if delta < t {
			return append(out, punycodeDigits[delta])
		}
		out = append(out, punycodeDigits[t+(delta-t)%(base-t)])
		delta = (delta - t) / (base - t)
	}
}

// adapt is RFC 3492 §6.1.
func adapt(delta, points int, first bool) int {
	if first {
		delta /= damp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (base-tMin)*tMax/2; k += base {
		delta /= base - tMin
	}
	return k + (base-tMin+1)*delta/(delta+skew)
}
