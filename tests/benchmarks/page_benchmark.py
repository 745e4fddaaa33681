"""How fast the page answers in a real browser: click to mask on a 720p frame, scrubbing and playing a 1080p clip.

    python -m tests.benchmarks.page_benchmark

Both clips are research videos beside the repository. Times are taken in the page, from the press of the button to the
first drawing of the answer; a frame counts as shown when it is drawn. The first click includes the embedding.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.browser import Studio, launched, serving, tab
from tests.media import CLIPS

CLICKS = ((560, 430), (650, 440), (600, 420), (540, 400), (660, 470))
SECONDS = 6

SCRUB = """async (seconds) => {
    const { state, set } = await import('/static/store.js');
    const { go } = await import('/static/actions.js');
    const canvas = document.querySelector('#viewer');
    const count = state.session.video.frame_count;
    const seen = new Set([canvas.dataset.frame]);
    const begun = performance.now();
    set({ scrubbing: true });
    await new Promise((resolve) => requestAnimationFrame(function move(now) {
        seen.add(canvas.dataset.frame);
        const share = (now - begun) / 1000 / seconds;
        go(share * count);
        if (share < 1) requestAnimationFrame(move); else resolve();
    }));
    set({ scrubbing: false });
    return seen.size - 1;
}"""

PLAY = """async () => {
    const { state, set, watch } = await import('/static/store.js');
    const canvas = document.querySelector('#viewer');
    const seen = new Set();
    const begun = performance.now();
    set({ playing: true });
    await new Promise((resolve) => requestAnimationFrame(function look() {
        seen.add(canvas.dataset.frame);
        if (state.playing) requestAnimationFrame(look); else resolve();
    }));
    return [seen.size, (performance.now() - begun) / 1000];
}"""


def clicks(studio: Studio) -> None:
    studio.open(CLIPS / "sam2-dog.mp4")
    studio.page.wait_for_timeout(3000)
    for point in CLICKS:
        studio.click(*point)
        studio.page.wait_for_timeout(500)
    found: list[float] = studio.page.evaluate("performance.getEntriesByName('click to mask').map(e => e.duration)")
    print(f"click to mask, 1280x720: first {found[0]:.0f} ms, second {found[1]:.0f} ms, ", end="")
    print(f"median of the others {statistics.median(found[2:]):.0f} ms")


def pictures(studio: Studio) -> None:
    studio.open(CLIPS / "dance-1080p.mp4")
    studio.page.wait_for_timeout(3000)
    shown: Any = studio.page.evaluate(SCRUB, SECONDS)
    print(f"scrubbing 1920x1080: {shown / SECONDS:.1f} frames a second, over {SECONDS} s")
    studio.press("Home")
    studio.page.reload()
    studio.until("s.session && document.querySelector('#viewer').dataset.frame")
    studio.press("Home")
    studio.page.wait_for_timeout(2000)
    count, seconds = studio.page.evaluate(PLAY)
    print(f"playing 1920x1080 at 25: {count} frames shown in {seconds:.2f} s")


def main() -> None:
    for part in (clicks, pictures):
        with (
            tempfile.TemporaryDirectory() as data,
            launched() as browser,
            serving(Path(data), CLIPS) as worker,
            tab(browser, worker) as studio,
        ):
            part(studio)


if __name__ == "__main__":
    main()
