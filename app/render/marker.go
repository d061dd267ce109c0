package render

import (
	"regexp"
	"strings"
)

// Marker is the hidden line by which a comment is found again.
type Marker struct {
	Fingerprint string // 24 hexadecimal digits
	Rule        string // "KMS101"
}

var markerLine = regexp.MustCompile(`^<!-- kms-review:v1 fp=([0-9a-f]{24}) rule=([A-Z0-9]{1,16}) -->$`)

func (m Marker) String() string {
	return "<!-- kms-review:v1 fp=" + m.Fingerprint + " rule=" + m.Rule + " -->"
}

// ParseMarker finds the marker of a comment's body. It must be trusted only where GitHub says that the App wrote
// the comment (viewerDidAuthor). The last line that is a marker counts: a suggestion quotes lines of a
// repository, which may look like one, and stands above ours.
func ParseMarker(body string) (Marker, bool) {
	lines := strings.Split(body, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if m := markerLine.FindStringSubmatch(strings.TrimRight(lines[i], "\r \t")); m != nil {
			return Marker{Fingerprint: m[1], Rule: m[2]}, true
		}
	}
	return Marker{}, false
}
