package store_test

import (
	"log/slog"
	"testing"

	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/app/store/storetest"
)

func open(t *testing.T, url string, options ...store.Option) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, databases storetest.Databases) {
		for name, test := range map[string]func(t *testing.T, url string){
			"installations": testInstallations,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, databases.URL(t))
			})
		}
	})
}

func testInstallations(t *testing.T, url string) {
	s := open(t, url)
	if has, known, err := s.HasRepository(t.Context(), 1, ".github"); has || known || err != nil {
		t.Errorf("HasRepository before anything is known = %v, %v, %v", has, known, err)
	}
}
