package page

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// blobPage is a file at a commit.
type blobPage struct {
	frame
	Repo, SHA, Path string
	Rows            []blobRow
	Cut             bool
}

type blobRow struct {
	Number int
	Marked bool
	Spans  []span
}

// commitID keeps everything but a commit away from git, which also reads options and expressions there.
var commitID = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

// maxBlobLines bounds a page.
const maxBlobLines = 20000

func (s *site) blob(w http.ResponseWriter, r *http.Request) {
	repo, found := s.repository(w, r)
	if !found {
		return
	}
	data := blobPage{Repo: repo.FullName(), SHA: r.PathValue("sha"), Path: r.PathValue("path")}
	data.Title = data.Path
	content := ""
	valid := commitID.MatchString(data.SHA) && !strings.ContainsAny(data.Path, "\x00\n")
	if valid {
		var err error
		content, err = repo.File(data.SHA, data.Path)
		valid = err == nil
	}
	if !valid {
		s.missing(w, fmt.Sprintf("There is no file %s at %s.", data.Path, data.SHA))
		return
	}
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	if data.Cut = len(lines) > maxBlobLines; data.Cut {
		lines = lines[:maxBlobLines]
	}
	first, last := lineRange(r.URL.Query().Get("lines"))
	for i, line := range lines {
		data.Rows = append(data.Rows, blobRow{
			Number: i + 1, Marked: first <= i+1 && i+1 <= last, Spans: highlight(data.Path, strings.TrimSuffix(line, "\r")),
		})
	}
	s.show(w, http.StatusOK, "blob", data)
}

// lineRange reads "3-5". Anything else marks no line.
func lineRange(text string) (first, last int) {
	from, to, _ := strings.Cut(text, "-")
	first, _ = strconv.Atoi(from)
	last, _ = strconv.Atoi(to)
	if first < 1 {
		return 0, -1
	}
	return first, last
}

// escapePath escapes a path for an address and keeps its slashes.
func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}
