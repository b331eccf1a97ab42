import { useData } from "vitepress";
import theme from "vitepress/theme-without-fonts";
import { nextTick, onMounted, watch } from "vue";
import "./style.css";

export default {
  extends: theme,
  /** On the start page, the default theme has no main landmark, which screen readers use to skip the navigation. */
  setup(): void {
    const { frontmatter } = useData();
    const mark = async (): Promise<void> => {
      await nextTick();
      const content = document.getElementById("VPContent");
      if (frontmatter.value.layout === "home") content?.setAttribute("role", "main");
      else content?.removeAttribute("role");
    };
    onMounted(mark);
    watch(frontmatter, mark);
  },
};
