/* WebP by libwebp: lossy, lossless, and the first picture of animations; transparency is left out. */
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "codecs/codec.h"

static hn_image_result refuse(hn_image_job *job, VP8StatusCode status) {
    static const char *const text[] = {[VP8_STATUS_OUT_OF_MEMORY] = "out of memory",
                                       [VP8_STATUS_INVALID_PARAM] = "an impossible size",
                                       [VP8_STATUS_BITSTREAM_ERROR] = "the data is damaged",
                                       [VP8_STATUS_UNSUPPORTED_FEATURE] = "a feature that libwebp does not know",
                                       [VP8_STATUS_SUSPENDED] = "the file ends too early",
                                       [VP8_STATUS_NOT_ENOUGH_DATA] = "the file ends too early"};
    const char *said = (size_t)status < sizeof text / sizeof *text && text[status] ? text[status] : "not decoded";
    if (status == VP8_STATUS_OUT_OF_MEMORY) return HN_IMAGE_NO_MEMORY;
    return hn_image_say(job, status == VP8_STATUS_UNSUPPORTED_FEATURE ? HN_IMAGE_UNSUPPORTED : HN_IMAGE_DAMAGED, "%s",
                        said);
}

/* The first picture on its canvas, the rest of which is black. */
static hn_image_result first_frame(hn_image_job *job, int height, int width, uint8_t *rgb) {
    WebPAnimDecoderOptions options;
    if (!WebPAnimDecoderOptionsInit(&options)) return HN_IMAGE_NO_MEMORY;
    options.color_mode = MODE_RGBA;
    const WebPData data = {job->file, job->size};
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
    uint8_t *canvas;
    int time;
    const int good = decoder && WebPAnimDecoderGetNext(decoder, &canvas, &time);
    for (int64_t i = 0; good && i < (int64_t)height * width; i++) memcpy(rgb + 3 * i, canvas + 4 * i, 3);
    WebPAnimDecoderDelete(decoder);
    return good ? HN_IMAGE_DECODED : hn_image_say(job, HN_IMAGE_DAMAGED, "the animation is damaged");
}

hn_image_result hn_image_webp(hn_image_job *job) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return hn_image_say(job, HN_IMAGE_UNSUPPORTED, "another version of libwebp");
    VP8StatusCode status = WebPGetFeatures(job->file, job->size, &config.input);
    if (status != VP8_STATUS_OK) return refuse(job, status);
    const int height = config.input.height, width = config.input.width;
    uint8_t *rgb = job->start(job, height, width);
    if (!rgb) return HN_IMAGE_STOPPED;
    if (config.input.has_animation) return first_frame(job, height, width, rgb);
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = (WebPRGBABuffer){rgb, 3 * width, (size_t)height * 3 * (size_t)width};
    status = WebPDecode(job->file, job->size, &config);
    WebPFreeDecBuffer(&config.output);
    return status == VP8_STATUS_OK ? HN_IMAGE_DECODED : refuse(job, status);
}
