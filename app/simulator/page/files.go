package page

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/kms-review/kms-review/app/simulator"
)

// filesPage is the second tab.
type filesPage struct {
	frame
	Problem string
	Files   []fileView
}

// fileView is a changed file.
type fileView struct {
	simulator.File
	Anchor string
	Rows   []row
}

// remark is an annotation of a check run, at its line.
type remark struct {
	simulator.Annotation
	Run  string
	Link string
}

func (s *site) files(w http.ResponseWriter, r *http.Request) {
	p, found := s.pull(w, r)
	if !found {
		return
	}
	data := filesPage{frame: s.frame(p, "files", "Files changed · ")}
	list, err := p.Files()
	if err != nil {
		data.Problem = "The changes cannot be shown: the branches have no common history."
	}
	threads := p.Threads()
	for i, f := range list {
		v := fileView{File: f, Anchor: fileAnchor(i)}
		for _, h := range f.Hunks {
			v.Rows = append(v.Rows, hunkRows(f.Path, h)...)
		}
		s.placeThreads(p.Repository(), v, threads)
		placeRemarks(v, data.Pull)
		data.Files = append(data.Files, v)
	}
	s.show(w, http.StatusOK, "files", data)
}

func fileAnchor(i int) string { return "file-" + strconv.Itoa(i+1) }

// placeThreads puts the threads under their lines. Outdated ones have no line any more: they are in the conversation.
func (s *site) placeThreads(repo *simulator.Repository, f fileView, threads []simulator.Thread) {
	for _, t := range threads {
		if t.Outdated || t.Path != f.Path {
			continue
		}
		for i := range f.Rows {
			r := &f.Rows[i]
			if t.Side == "LEFT" && r.Old == t.Line || t.Side != "LEFT" && r.New == t.Line {
				r.Threads = append(r.Threads, s.thread(repo, t))
				break
			}
		}
	}
}

// placeRemarks puts the annotations of the head's runs under their last lines, as GitHub does.
func placeRemarks(f fileView, head *pullHead) {
	for _, run := range head.Runs {
		for _, a := range run.Annotations {
			if a.Path != f.Path {
				continue
			}
			for i := range f.Rows {
				if f.Rows[i].New == a.EndLine {
					link := head.Path + "/checks?check_run_id=" + strconv.FormatInt(run.ID, 10)
					f.Rows[i].Remarks = append(f.Rows[i].Remarks, remark{Annotation: a, Run: run.Name, Link: link})
				}
			}
		}
	}
}

func firstLine(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	return line
}

// levelName is GitHub's word for an annotation's level.
func levelName(level string) string {
	return map[string]string{"failure": "Failure", "warning": "Warning", "notice": "Notice"}[level]
}
