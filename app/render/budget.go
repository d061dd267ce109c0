package render

import (
	"fmt"
	"strings"
)

const (
	// outputBytes is GitHub's limit for a check run's summary and for its text (65,535 characters, taken as
	// bytes to be on the safe side).
	// https://docs.github.com/en/rest/checks/runs#create-a-check-run
	outputBytes = 65535
	// reserve is kept free in the text for what the publisher could not place.
	reserve = 6000
	// noteBytes is kept free in a list for the words that say how much of it is missing.
	noteBytes = 120
)

// fit writes as many items as there is room for, whole ones only, and says how many it left out. It stops where
// the room ends: a pull request with a million findings costs no more than one that fills the page.
func fit[T any](all []T, room int, noun string, item func(T) string) string {
	var b strings.Builder
	whole, safe := 0, 0 // items and bytes that leave room for the note
	for i, x := range all {
		text := item(x)
		if b.Len()+len(text) > room {
			note := fmt.Sprintf("\n_%s not shown: GitHub's limit for this page is reached._\n", plural(len(all)-whole, noun))
			return b.String()[:safe] + note
		}
		b.WriteString(text)
		if b.Len() <= room-noteBytes {
			whole, safe = i+1, b.Len()
		}
	}
	return b.String()
}
