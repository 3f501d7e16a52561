//! Draws with a round pen into an image.

/// Draws a line `[x, y]` to `[x, y]` that is `2 * radius` pixels wide. Places count from the outer corner of the first
/// pixel. Where there is more ink already, it stays.
pub(super) fn line(a: [f64; 2], b: [f64; 2], radius: f64, width: usize, image: &mut [u8]) {
    let height = image.len() / width.max(1);
    let range = |axis: usize, size: usize| {
        let reach = radius + 1.0;
        let first = (a[axis].min(b[axis]) - reach).max(0.0) as usize;
        let end = (a[axis].max(b[axis]) + reach).max(0.0) as usize + 1;
        first.min(size)..end.min(size)
    };
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let length = (dx * dx + dy * dy).max(f64::MIN_POSITIVE);
    for y in range(1, height) {
        for x in range(0, width) {
            let [px, py] = [x as f64 + 0.5 - a[0], y as f64 + 0.5 - a[1]];
            let along = ((px * dx + py * dy) / length).clamp(0.0, 1.0);
            let [ex, ey] = [px - along * dx, py - along * dy];
            let ink = (radius + 0.5 - (ex * ex + ey * ey).sqrt()).clamp(0.0, 1.0);
            let pixel = &mut image[y * width + x];
            *pixel = (*pixel).max((255.0 * ink) as u8);
        }
    }
}
