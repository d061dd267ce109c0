package page

import (
	"net/http"

	"github.com/kms-review/kms-review/app/simulator"
)

// indexPage lists repositories with their pull requests and issues.
type indexPage struct {
	frame
	Repositories []repositoryView
}

type repositoryView struct {
	Name   string
	Pulls  []*pullHead
	Issues []issueHead
}

// index shows all repositories, or the one that the path names.
func (s *site) index(w http.ResponseWriter, r *http.Request) {
	list := s.sim.Repositories()
	title := "Repositories"
	if r.PathValue("name") != "" {
		repo, found := s.repository(w, r)
		if !found {
			return
		}
		list, title = []*simulator.Repository{repo}, repo.FullName()
	}
	data := indexPage{frame: frame{Title: title}}
	for _, repo := range list {
		v := repositoryView{Name: repo.FullName()}
		for _, p := range repo.Pulls() {
			f := s.frame(p, "", "")
			data.Refresh = data.Refresh || f.Refresh
			v.Pulls = append([]*pullHead{f.Pull}, v.Pulls...)
		}
		for _, i := range repo.Issues() {
			v.Issues = append([]issueHead{newIssueHead(repo, i)}, v.Issues...)
		}
		data.Repositories = append(data.Repositories, v)
	}
	s.show(w, http.StatusOK, "index", data)
}
