package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// unfinished is how the browser names a file that is still being downloaded.
const unfinished = ".crdownload"

// KeepDownloads has what the person downloads kept in a directory, which is empty so far. Without it the browser
// refuses downloads.
func (w *Person) KeepDownloads(directory string) *Person {
	w.t.Helper()
	params := arguments{"behavior": "allow", "browserContextId": w.context, "downloadPath": directory}
	if err := w.browser.conn.call("", "Browser.setDownloadBehavior", params, nil); err != nil {
		w.t.Fatal(err)
	}
	return w
}

// Downloading waits until a file of the person's directory has at least so many bytes, whole or not.
func (p *Page) Downloading(directory string, bytes int64) *Page {
	p.person.t.Helper()
	p.until(fmt.Sprintf("a download of %d bytes", bytes), func() bool {
		for _, size := range sizes(p, directory) {
			if size >= bytes {
				return true
			}
		}
		return false
	})
	return p
}

// Downloaded waits until the directory has one whole file whose name ends so, and returns its path.
func (p *Page) Downloaded(directory, ending string) (path string) {
	p.person.t.Helper()
	p.until("a whole download "+ending, func() bool {
		path = ""
		for name := range sizes(p, directory) {
			if strings.HasSuffix(name, unfinished) {
				return false
			}
			if strings.HasSuffix(name, ending) {
				path = filepath.Join(directory, name)
			}
		}
		return path != ""
	})
	return path
}

// sizes are those of the files in a directory, by name.
func sizes(p *Page, directory string) map[string]int64 {
	p.person.t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		p.person.t.Fatal(err)
	}
	found := map[string]int64{}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil { // else it was renamed meanwhile
			found[entry.Name()] = info.Size()
		}
	}
	return found
}
