package pages

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

const defaultAccent = "#0f6674"

// A colour is sRGB, each part from 0 to 1.
type colour struct{ r, g, b float64 }

var (
	white      = colour{1, 1, 1}
	black      = colour{0, 0, 0}
	lightPaper = colour{0xf7 / 255.0, 0xf7 / 255.0, 0xf5 / 255.0} // --paper in style.css
	darkCard   = colour{0x1e / 255.0, 0x1f / 255.0, 0x1e / 255.0} // --card in style.css, dark
)

// shades returns the custom properties that carry the accent, for both schemes:
// --accent behind --on-accent on buttons, --link where it is read as text.
func shades(hex string) (string, error) {
	if hex == "" {
		hex = defaultAccent
	}
	c, err := parseColour(hex)
	if err != nil {
		return "", err
	}
	on := white
	if c.contrast(black) > c.contrast(white) {
		on = black
	}
	return fmt.Sprintf(":root{--accent:%s;--on-accent:%s;--link:%s}@media(prefers-color-scheme:dark){:root{--link:%s}}\n",
		c, on, c.readableOn(lightPaper, black), c.readableOn(darkCard, white)), nil
}

func parseColour(hex string) (colour, error) {
	wrong := errors.New("pages: Accent is not a colour of the form #rgb or #rrggbb")
	if len(hex) == 4 {
		hex = string([]byte{hex[0], hex[1], hex[1], hex[2], hex[2], hex[3], hex[3]})
	}
	if len(hex) != 7 || hex[0] != '#' {
		return colour{}, wrong
	}
	n, err := strconv.ParseUint(hex[1:], 16, 24)
	if err != nil {
		return colour{}, wrong
	}
	return colour{float64(n>>16) / 255, float64(n>>8&0xff) / 255, float64(n&0xff) / 255}, nil
}

// String is the CSS form.
func (c colour) String() string {
	part := func(f float64) int { return int(math.Round(f * 255)) }
	return fmt.Sprintf("#%02x%02x%02x", part(c.r), part(c.g), part(c.b))
}

// luminance and contrast are WCAG 2.2's relative luminance and contrast ratio.
func (c colour) luminance() float64 {
	linear := func(f float64) float64 {
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

func (c colour) contrast(other colour) float64 {
	a, b := c.luminance(), other.luminance()
	return (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05)
}

// comfortable is the contrast of text in the accent: WCAG 2.2 AA asks for 4.5 to
// 1, and links are thin.
const comfortable = 5.5

// readableOn mixes ink into c until it can be read as text on a background.
func (c colour) readableOn(background, ink colour) colour {
	for step := range 50 {
		t := float64(step) / 50
		mixed := colour{c.r + (ink.r-c.r)*t, c.g + (ink.g-c.g)*t, c.b + (ink.b-c.b)*t}
		if mixed.contrast(background) >= comfortable {
			return mixed
		}
	}
	return ink
}
